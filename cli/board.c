/* SPDX-License-Identifier: Apache-2.0 */
/* signet board list|info */
#include "facts.h"

#include <string.h>

#define ENDPOINT_PATH "/factory/endpoint.txt"

static void put_port_json(const struct signet_port *port)
{
    struct json j;
    char id[8];
    json_event(&j, "port");
    json_put(&j, M_TEXT("port", port->path));
    snprintf(id, sizeof(id), "%04x", port->vid);
    json_put(&j, M_TEXT("vid", id));
    snprintf(id, sizeof(id), "%04x", port->pid);
    json_put(&j, M_TEXT("pid", id), M_TEXT("serial", port->serial), M_TEXT("vendor", port->vendor),
             M_TEXT("product", port->product), M_TEXT("by_id", port->by_id),
             M_TEXT("usb_path", port->usb_path), M_INT("interface", port->interface));
    json_end(&j);
}

static void put_ports(const struct signet_port *ports, size_t count)
{
    if (!count) {
        puts("no USB serial port is plugged in");
        return;
    }
    puts("PORT            VID:PID    SERIAL              HUB PATH  IF  PRODUCT");
    for (const struct signet_port *p = ports; p < ports + count; p++)
        printf("%-14.14s  %04x:%04x  %-18.18s  %-8.8s  %2d  %.40s\n", PLAIN(p->path), p->vid,
               p->pid, p->serial[0] ? PLAIN(p->serial) : "-", PLAIN(p->usb_path), p->interface,
               PLAIN(p->product[0] ? p->product : p->vendor));
}

static int board_list(int argc, char **argv)
{
    struct cli cli = {0};
    struct signet_port *ports = NULL;
    size_t count = 0;

    if (!cli_parse(&cli, argc, argv, NULL, "",
                   "Lists the USB serial ports and the boards behind them.", 0, 0))
        return EXIT_USAGE;
    int rc = signet_port_list(&ports, &count, &cli.err);
    if (rc == SIGNET_OK && !cli.json)
        put_ports(ports, count);
    for (size_t i = 0; cli.json && i < count; i++)
        put_port_json(&ports[i]);
    signet_port_list_free(&ports);
    return cli_end(&cli, rc);
}

/* What is read from the board; each part but facts may be missing. */
struct info {
    struct signet_port port;
    bool on_usb, has_name;
    struct facts facts;
    struct signet_bytes name;
};

static int read_info(struct info *info, struct signet_smp *smp, const char *path,
                     struct signet_error *err)
{
    int code = facts_ask(&info->facts, smp, err);
    if (code || !path[0])
        return code;
    code = signet_smp_download(smp, path, 512, &info->name, err);
    info->has_name = !code;
    bool no_file = code == SIGNET_E_NOT_FOUND || code == SIGNET_E_SMP ||
                   code == SIGNET_E_UNSUPPORTED || code == SIGNET_E_LIMIT;
    return no_file ? SIGNET_OK : code;
}

static void put_info(const struct info *info, const char *path)
{
    const struct signet_port *port = &info->port;
    if (info->on_usb)
        printf("usb: %04x:%04x, hub path %s\nserial number: %s\nproduct: %s\n", port->vid,
               port->pid, PLAIN(port->usb_path), PLAIN(port->serial), PLAIN(port->product));
    facts_print(&info->facts);
    if (info->has_name)
        facts_put("endpoint: ", info->name.data, info->name.len);
    else if (path[0])
        printf("endpoint: none (there is no %s: another firmware, or the board is provisioned)\n",
               path);
}

static void put_info_json(const struct info *info, const char *address)
{
    struct json j;
    json_event(&j, "board");
    json_put(&j, M_TEXT("port", address));
    if (info->on_usb) {
        json_put(&j, M_TEXT("serial", info->port.serial), M_TEXT("product", info->port.product),
                 M_TEXT("usb_path", info->port.usb_path));
    }
    facts_json(&info->facts, &j);
    if (info->has_name)
        json_bytes(&j, "endpoint", info->name.data, info->name.len);
    json_end(&j);
}

static int show_info(struct session *s, const char *path)
{
    struct info info = {0};
    char device[128];
    info.on_usb = signet_link_device(s->port, device, sizeof(device)) &&
                  !signet_port_info(&info.port, device, NULL);
    int rc = session_connect(s);
    if (rc == SIGNET_OK)
        rc = read_info(&info, s->smp, path, &s->cli.err);
    if (rc == SIGNET_OK && s->cli.json)
        put_info_json(&info, s->port);
    else if (rc == SIGNET_OK)
        put_info(&info, path);
    facts_free(&info.facts);
    signet_bytes_free(&info.name);
    return session_end(s, rc);
}

static int board_info(int argc, char **argv)
{
    struct session s = {.quick = true};
    const char *path = ENDPOINT_PATH;
    const struct option_row rows[] = {
        SESSION_ROWS(&s),
        TEXT_OR_EMPTY(0, "endpoint-path", "PATH",
                      "Where the board keeps its name (" ENDPOINT_PATH "); '' is nowhere", &path),
        {0},
    };

    if (!cli_parse(&s.cli, argc, argv, rows, "PORT",
                   "Tells what is at PORT (a serial port, tcp:HOST:PORT or udp:HOST:PORT). Changes "
                   "nothing.",
                   1, 1))
        return EXIT_USAGE;
    s.port = s.cli.args[0];
    return show_info(&s, path);
}

const struct verb board_verbs[] = {
    {"list", "the USB serial ports that are plugged in", board_list},
    {"info", "what is at a port", board_info},
    {0},
};
