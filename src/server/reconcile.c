/* SPDX-License-Identifier: Apache-2.0 */
#include "server/answer.h"

enum { SENDS = 3 };

#define NOTHING_SAID "it was answered, but not by what the server says when it has the device"

/* The device may be there, and nobody could say: it waits, whatever the look-up met. */
static int leave_waiting(const struct signet_server *server, const struct signet_device *device,
                         const struct signet_error *lookup, struct signet_error *err)
{
    enum signet_class class = signet_error_class(lookup);
    bool keeps = lookup->code != SIGNET_E_SERVER &&
                 (class == SIGNET_CLASS_AWAY || class == SIGNET_CLASS_CANCELLED ||
                  class == SIGNET_CLASS_STATION);

    *err = *lookup;
    if (!keeps) {
        err->code = SIGNET_E_NET;
        err->sys = 0;
    }
    error_prefix(err, "%s may have '%s' already; looking it up", server->ops->form.name,
                 device->endpoint);
    return (int)err->code;
}

/* The server says that it has the name, and its search says that it has not. */
static int not_listed(const struct signet_device *device, struct signet_error *err)
{
    int status = err->sys;

    error_set_hint(err, SIGNET_E_NET,
                   "its search may lag: try again later. Else another account or domain has it",
                   "%s; and it does not find '%s'", err->msg, device->endpoint);
    err->sys = status;
    return SIGNET_E_NET;
}

/* After the answer to a request: *again, or what came of it. */
static int look_up(struct signet_server *server, const struct signet_device *device,
                   reconcile_compare *compare, bool lost, bool *again, struct signet_error *err)
{
    struct signet_error lookup = {0};
    int found = compare(server, device, &lookup);

    if (found == SIGNET_E_EXISTS)
        *err = lookup;
    if (found == SIGNET_OK || found == SIGNET_E_EXISTS)
        return found;
    if (found != SIGNET_E_NOT_FOUND)
        return leave_waiting(server, device, &lookup, err);
    *again = lost; /* it never arrived */
    return err->code == SIGNET_E_EXISTS ? not_listed(device, err) : (int)err->code;
}

int reconcile_add(struct signet_server *server, const struct signet_device *device,
                  const char *path, struct buf *body, reconcile_compare *compare, bool *existed,
                  struct signet_error *err)
{
    const struct http_request request = {.method = "POST", .path = path, .body = body};
    const struct signet_error unsaid = {.code = SIGNET_E_NET, .msg = NOTHING_SAID};
    struct signet_error first = {0};
    bool again = true;
    int rc = SIGNET_OK;

    *existed = false;
    for (int sends = 0; again && sends < SENDS; sends++) {
        struct http_answer answer = {0};
        json_t *said = NULL;

        again = false;
        rc = server_call(server, &request, &said, &answer, &first);
        bool made = json_is_object(said), good = http_good(&answer);
        json_decref(said);
        if (made)
            break;
        if (good) /* something before the server may have spoken */
            first = unsaid;
        bool lost = good || (!answer.status && answer.maybe_done && rc != SIGNET_E_CANCELLED);
        bool taken = answer.status == 400 || answer.status == 409;
        if (lost || taken)
            rc = look_up(server, device, compare, lost, &again, &first);
        *existed = rc == SIGNET_OK && taken;
    }
    buf_free(body);
    return rc == SIGNET_OK ? rc : error_copy(err, &first);
}

int reconcile_differs(const struct signet_server *server, const struct signet_device *device,
                      const char *what, struct signet_error *err)
{
    return !what ? SIGNET_OK
                 : error_set_hint(err, SIGNET_E_EXISTS,
                                  "remove it at the server, or give this device another name",
                                  "%s has a device '%s' already, and %s is not the same",
                                  server->ops->form.name, device->endpoint, what);
}
