/* SPDX-License-Identifier: Apache-2.0 */
/* libmosquitto, loaded when an order has an MQTT broker. */
#include "notify/mqtt_api.h"

static struct mqtt_api mqtt_table;

#define ROW(name) {"mosquitto_" #name, offsetof(struct mqtt_api, name)},
static const struct library_function mqtt_functions[] = {FOR_EACH_MQTT(ROW)};

static bool begin_mqtt(void)
{
    return mqtt_table.lib_init() == MOSQ_ERR_SUCCESS;
}

int mqtt_load(const struct mqtt_api **out, struct signet_error *err)
{
    static struct library library = {.soname = "libmosquitto.so.1",
                                     .functions = mqtt_functions,
                                     .count = COUNT_OF(mqtt_functions),
                                     .table = &mqtt_table,
                                     .begin = begin_mqtt,
                                     .missing = "libmosquitto.so.1 cannot be loaded",
                                     .install = "install Debian's package libmosquitto1"};

    *out = &mqtt_table;
    return library_load(&library, err);
}
