/* SPDX-License-Identifier: Apache-2.0 */
/* label: what is printed for each device, and where. */
#include "order/private.h"

#include <signet/ledger.h>
#include <stdlib.h>

static const char scheme[] = "tcp://";

/* HOST, HOST:PORT, [ADDRESS]:PORT */
static bool is_printer_address(const char *text)
{
    size_t host = *text == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":");
    const char *port = host <= strlen(text) ? text + host : "?";

    if (host == 0 || strpbrk(text, "/@?# ") || (*port && *port != ':'))
        return false;
    unsigned long number = *port ? strtoul(port + 1, NULL, 10) : 9100;

    return !*port || (strspn(port + 1, "0123456789") == strlen(port + 1) && strlen(port) <= 6 &&
                      number >= 1 && number <= 65535);
}

int reader_label(struct reader *r, yaml_node_t *node)
{
    static const struct entry keys[] = {
        ENTRY("template", ENTRY_PATH, signet_order, label.template_file),
        ENTRY("printer", ENTRY_TEXT, signet_order, label.printer),
        ENTRY("print_secrets", ENTRY_WORDS, signet_order, label.print_secrets),
        ENTRY("scan_back", ENTRY_FLAG, signet_order, label.scan_back)};
    static const char example[] = "label: {template: label.zpl, printer: \"tcp://192.0.2.7:9100\"}";
    struct signet_order *o = r->root;
    int rc = reader_map(r, node, keys, COUNT_OF(keys), o);

    if (rc != SIGNET_OK)
        return rc;
    if (!o->label.template_file || !o->label.printer)
        return reader_fail_hint(r, node, example, "a label has a 'template' and a 'printer'");
    if (strncmp(o->label.printer, scheme, strlen(scheme)) == 0)
        return is_printer_address(o->label.printer + strlen(scheme))
                   ? SIGNET_OK
                   : reader_fail_word(r, o->label.printer, example,
                                      "'%.80s' is no address of a printer", o->label.printer);
    if (strstr(o->label.printer, "://"))
        return reader_fail_hint(r, reader_under(r, node, "printer"), example,
                                "a printer is tcp://HOST:PORT, a folder, FOLDER/, or a file");
    /* what may be a host's name is no file's unless it looks like one */
    const char *colon = strrchr(o->label.printer, ':');
    if ((colon && colon[1] && colon[1 + strspn(colon + 1, "0123456789")] == '\0') ||
        (!strchr(o->label.printer, '/') && !text_ends_with(o->label.printer, ".zpl") &&
         !text_ends_with(o->label.printer, ".prn") && !text_ends_with(o->label.printer, ".txt")))
        return reader_fail_word(
            r, o->label.printer, "tcp://HOST:9100 for a printer; ./FILE or FILE.zpl for a file",
            "'%.80s' has no tcp:// in front: it would be a file", o->label.printer);
    return reader_path(r, o->label.printer, &o->label.printer);
}

/* Printer and scanner are two of those that a device waits for, beside its servers. */
int reader_check_label(const struct reader *r)
{
    static const char *const own[] = {SIGNET_LEDGER_LABEL, SIGNET_LEDGER_SCANNER};
    const struct signet_order *o = r->root;
    size_t most = SIGNET_ORDER_SERVERS - (o->label.scan_back ? 2 : 1);

    if (!o->label.printer)
        return SIGNET_OK;
    for (size_t i = 0; i < o->server_count; i++)
        for (size_t k = 0; k < 2; k++)
            if (strcmp(o->servers[i].name, own[k]) == 0)
                return error_set_hint(r->err, SIGNET_E_MEANING, "give the server another 'name'",
                                      "%s: a server is called '%s', as the %s is in the ledger",
                                      r->path, own[k], own[k] + strlen("label "));
    if (o->server_count <= most)
        return SIGNET_OK;
    return error_set_hint(r->err, SIGNET_E_LIMIT, "leave a server out",
                          "%s: with a label%s, an order has at most %zu servers", r->path,
                          o->label.scan_back ? " that is scanned back" : "", most);
}
