/* SPDX-License-Identifier: Apache-2.0 */
/* What a request brings, and an error as its answer. */
#include "page/private.h"

const char *request_header(const struct request *r, const char *name)
{
    return r->page->mhd->lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *request_argument(const struct request *r, const char *name)
{
    return r->page->mhd->lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool request_may_read(const struct request *r)
{
    return !r->page->closed ||
           (r->page->logins && login_session(r->page->logins, request_header(r, "Cookie"), NULL));
}

void answer_error(struct request *r, unsigned status, const struct signet_error *err)
{
    buf_reset(&r->answer);
    buf_json_open(&r->answer, NULL, '{');
    buf_json_open(&r->answer, "error", '{');
    buf_json_put(&r->answer, J_GIVEN("code", signet_code_name(err->code)),
                 J_GIVEN("message", err->msg), J_GIVEN("hint", err->hint));
    buf_text(&r->answer, "}}");
    r->status = status;
    r->type = "application/json";
}

void answer_wrong(struct request *r, const char *what, const char *hint)
{
    struct signet_error err = {0};

    error_set_hint(&err, SIGNET_E_USAGE, hint, "%s", what);
    answer_error(r, MHD_HTTP_BAD_REQUEST, &err);
}
