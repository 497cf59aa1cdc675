/* SPDX-License-Identifier: Apache-2.0 */
/* signet board list|info */
#include "facts.h"

#include <string.h>

#define ENDPOINT_PATH "/factory/endpoint.txt"

static void put_cell(const char *text, int width)
{
    int n = 0;
    for (; *text && n < width; text++, n++)
        putchar((unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7f ? *text : '?');
    printf("%*s", width - n + 2, "");
}

static void put_port_json(const struct signet_port *port)
{
    struct json j;
    char id[8];
    json_begin(&j, stdout);
    json_text(&j, "port", port->path);
    snprintf(id, sizeof id, "%04x", port->vid);
    json_text(&j, "vid", id);
    snprintf(id, sizeof id, "%04x", port->pid);
    json_text(&j, "pid", id);
    json_text(&j, "serial", port->serial);
    json_text(&j, "vendor", port->vendor);
    json_text(&j, "product", port->product);
    json_text(&j, "by_id", port->by_id);
    json_text(&j, "usb_path", port->usb_path);
    json_integer(&j, "interface", port->interface);
    json_end(&j);
}

static void put_ports(const struct signet_port *ports, size_t count)
{
    if (!count) {
        puts("no USB serial port is plugged in");
        return;
    }
    puts("PORT            VID:PID    SERIAL              HUB PATH  IF  PRODUCT");
    for (size_t i = 0; i < count; i++) {
        put_cell(ports[i].path, 14);
        printf("%04x:%04x  ", ports[i].vid, ports[i].pid);
        put_cell(ports[i].serial[0] ? ports[i].serial : "-", 18);
        put_cell(ports[i].usb_path, 8);
        printf("%2d  ", ports[i].interface);
        put_cell(ports[i].product[0] ? ports[i].product : ports[i].vendor, 40);
        putchar('\n');
    }
}

static int board_list(int argc, char **argv)
{
    struct cli cli = {0};
    const struct option_row rows[] = {{0}};
    struct signet_port *ports = NULL;
    struct signet_error err = {0};
    size_t count = 0;

    if (!cli_parse(&cli, argc, argv, rows, "",
                   "Lists the USB serial ports and the boards behind them.", 0, 0))
        return EXIT_USAGE;
    if (signet_port_list(&ports, &count, &err))
        return cli_fail(&cli, &err);
    if (cli.json)
        for (size_t i = 0; i < count; i++)
            put_port_json(&ports[i]);
    else
        put_ports(ports, count);
    signet_port_list_free(&ports);
    return cli_close(&cli, EXIT_DONE);
}

/* What is read from the board; each part but facts may be missing. */
struct info {
    struct signet_port port;
    bool on_usb, has_name;
    struct facts facts;
    struct signet_bytes name;
};

static int ask(struct info *info, struct signet_smp *smp, const char *path,
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
    if (info->on_usb) {
        printf("usb: %04x:%04x, hub path ", info->port.vid, info->port.pid);
        facts_text((const uint8_t *)info->port.usb_path, strlen(info->port.usb_path));
        fputs("serial number: ", stdout);
        facts_text((const uint8_t *)info->port.serial, strlen(info->port.serial));
        fputs("product: ", stdout);
        facts_text((const uint8_t *)info->port.product, strlen(info->port.product));
    }
    facts_print(&info->facts);
    if (info->has_name) {
        fputs("endpoint: ", stdout);
        facts_text(info->name.data, info->name.len);
    } else if (path[0]) {
        printf("endpoint: none (there is no %s: another firmware, or the board is provisioned)\n",
               path);
    }
}

static void put_info_json(const struct info *info, const char *address)
{
    struct json j;
    json_begin(&j, stdout);
    json_text(&j, "port", address);
    if (info->on_usb) {
        json_text(&j, "serial", info->port.serial);
        json_text(&j, "product", info->port.product);
        json_text(&j, "usb_path", info->port.usb_path);
    }
    facts_json(&info->facts, &j);
    if (info->has_name)
        json_bytes(&j, "endpoint", info->name.data, info->name.len);
    json_end(&j);
}

static int board_info(int argc, char **argv)
{
    struct cli cli = {0};
    struct info info = {0};
    struct signet_link *link = NULL;
    struct signet_smp *smp = NULL;
    struct signet_error err = {0};
    const char *path = ENDPOINT_PATH;
    long baud = 0, version = 0, timeout = 0;
    /* clang-format off */
    const struct option_row rows[] = {
        {'b', "baudrate", "N", "Serial speed (115200)", OPTION_NUMBER, &baud, 50, 20000000},
        {'V', "smp-version", "N", "Version of SMP to speak (1)", OPTION_NUMBER, &version, 1, 2},
        {'t', "timeout", "MS", "Wait for one answer (2000)", OPTION_NUMBER, &timeout, 1, 600000},
        {'n', "endpoint-path", "PATH", "Where the board keeps its name (" ENDPOINT_PATH "); '' is nowhere",
         OPTION_TEXT, &path, 0, 0},
        {0},
    };
    /* clang-format on */

    if (!cli_parse(&cli, argc, argv, rows, "PORT",
                   "Tells what is at PORT (a serial port, or tcp:HOST:PORT). Changes nothing.", 1,
                   1))
        return EXIT_USAGE;
    const char *address = cli.args[0];
    const struct signet_smp_options options = {
        .version = (int)version, .timeout_ms = (int)timeout, .retries = 2};
    info.on_usb = strncmp(address, "tcp:", 4) != 0 && !signet_port_info(&info.port, address, NULL);
    int code = signet_link_open(&link, address, (unsigned)baud, process_cancel(), &err);
    if (!code)
        code = signet_smp_new(&smp, link, &options, NULL, &err);
    if (!code)
        code = ask(&info, smp, path, &err);
    if (!code && cli.json)
        put_info_json(&info, address);
    else if (!code)
        put_info(&info, path);
    signet_smp_free(&smp);
    signet_link_close(&link);
    facts_free(&info.facts);
    signet_bytes_free(&info.name);
    return code ? cli_fail(&cli, &err) : cli_close(&cli, EXIT_DONE);
}

const struct verb board_verbs[] = {
    {"list", "the USB serial ports that are plugged in", board_list},
    {"info", "what is at a port", board_info},
    {0},
};
