/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFY_MQTT_API_H
#define NOTIFY_MQTT_API_H

#include "base/base.h"

#include <mosquitto.h>

/* clang-format off */
#define FOR_EACH_MQTT(row)      \
    row(lib_init)               \
    row(new)                    \
    row(destroy)                \
    row(username_pw_set)        \
    row(tls_set)                \
    row(connect_callback_set)   \
    row(publish_callback_set)   \
    row(connect_async)          \
    row(disconnect)             \
    row(publish)                \
    row(loop)                   \
    row(socket)                 \
    row(strerror)               \
/* clang-format on */

/* mosquitto_new() is the member new, and so on, as libmosquitto's header declares them. */
struct mqtt_api {
#define MEMBER(name) __typeof__(mosquitto_##name) *(name);
    FOR_EACH_MQTT(MEMBER)
#undef MEMBER
};

/* The same table for all threads; SIGNET_E_UNSUPPORTED when the library is not there. */
int mqtt_load(const struct mqtt_api **out, struct signet_error *err);

#endif
