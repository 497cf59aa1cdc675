/* SPDX-License-Identifier: Apache-2.0 */
/* libmosquitto, loaded when an order has an MQTT broker. */
#include "notify/mqtt_api.h"

#include <pthread.h>

/* Filled once under pthread_once and constant afterwards. */
static struct mqtt_api mqtt_table;
static bool mqtt_loaded;
static pthread_once_t mqtt_once = PTHREAD_ONCE_INIT;

#define ROW(name) {"mosquitto_" #name, offsetof(struct mqtt_api, name)},
static const struct library_function mqtt_functions[] = {FOR_EACH_MQTT(ROW)};

static void load_mqtt(void)
{
    mqtt_loaded =
        library_load("libmosquitto.so.1", mqtt_functions, COUNT_OF(mqtt_functions), &mqtt_table) &&
        mqtt_table.lib_init() == MOSQ_ERR_SUCCESS;
}

int mqtt_load(const struct mqtt_api **out, struct signet_error *err)
{
    pthread_once(&mqtt_once, load_mqtt);
    if (!mqtt_loaded)
        return error_set_hint(err, SIGNET_E_UNSUPPORTED, "install Debian's package libmosquitto1",
                              "libmosquitto.so.1 cannot be loaded");
    *out = &mqtt_table;
    return SIGNET_OK;
}
