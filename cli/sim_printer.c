/* SPDX-License-Identifier: Apache-2.0 */
/* signet sim printer */
#include "sim_verbs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool printer_stopped(void *ctx)
{
    return sim_printer_stopped(ctx);
}

static void announce_printer(const struct cli *cli, const struct sim_printer *printer)
{
    char url[48];

    snprintf(url, sizeof(url), "tcp://127.0.0.1:%u", sim_printer_port(printer));
    if (cli->json)
        json_line("printer", M_TEXT("url", url), M_INT("port", sim_printer_port(printer)));
    else
        printf("%s\n", url);
    fflush(stdout);
}

static void summarise_printer(const struct cli *cli, struct sim_printer *printer)
{
    if (cli->json)
        json_line("printed", M_INT("labels", (int64_t)sim_printer_labels(printer)));
    else
        printf("%s\n", COUNT(sim_printer_labels(printer), "label", "labels"));
}

/* errno stays what mkdir() said. */
static bool is_folder(const char *path)
{
    int said = errno;
    struct stat st;
    bool is = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

    errno = said;
    return is;
}

int sim_printer(int argc, char **argv)
{
    struct sim_printer_options options = {0};
    struct sim_printer *printer = NULL;
    struct cli cli = {0};
    bool until_eof = false;
    unsigned port = 0;
    const struct option_row rows[] = {
        TEXT_OR_EMPTY(
            'm', "misbehave", "LIST",
            "paper=N, ribbon=N, head=N, pause=N: it stands after N labels; full, silent, garbage: "
            "what it answers to ~HS; slow=MS; drop=N: it closes the connection in the middle of "
            "label N; lose=N: behind label N, which it prints",
            &options.misbehave),
        NUMBER('p', "port", "N", "Its port (any that is free)", &port, 1, 65535),
        TEXT(0, "control", "PATH", "UNIX socket for `sim tell`", &options.control),
        FLAG('u', "until-eof", "End when standard input ends", &until_eof),
        {0}};

    if (!cli_parse(
            &cli, argc, argv, rows, "FOLDER",
            "A label printer to rehearse with, on 127.0.0.1: it takes ZPL, answers ~HS, and "
            "prints its address. Its labels are files in FOLDER, label-0001.zpl and so on. It runs "
            "until Ctrl-C.",
            1, 1))
        return EXIT_USAGE;
    options.folder = cli.args[0];
    options.port = (uint16_t)port;
    process_cancel();
    int rc = mkdir(options.folder, 0700) == 0 || is_folder(options.folder)
                 ? sim_printer_start(&printer, &options, &cli.err)
                 : cli_error(&cli.err, SIGNET_E_IO, "name a folder for its labels", "%s: %s",
                             options.folder, strerror(errno));
    if (rc == SIGNET_OK) {
        announce_printer(&cli, printer);
        sim_wait(until_eof, printer_stopped, printer);
        summarise_printer(&cli, printer);
        sim_printer_stop(&printer);
    }
    return cli_end(&cli, rc);
}
