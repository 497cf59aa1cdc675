/* SPDX-License-Identifier: Apache-2.0 */
/* signet init: a folder in which a line of simulated boards runs at once. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char order[] =
    "# What this line makes; signet-order(5) has all keys.\n"
    "name: rehearsal-1         # of the order in the ledger: interrupted runs resume under it\n"
    "quota: 8                  # devices\n"
    "template: template        # their configuration, without keys: every device gets its own\n"
    "ledger: ledger.db         # the record of what was made\n"
    "station: bench-1\n"
    "\n"
    "board: {recipe: anjay-zephyr}   # the simulated boards run the provisioning image already\n"
    "slots:\n"
    "  - {port: rack/1}\n"
    "  - {port: rack/2}\n"
    "  - {port: rack/3}\n"
    "  - {port: rack/4}\n"
    "\n"
    "servers:\n"
    "  - {file: server.json, token_file: token}   # both are written by ./rehearse\n";

static const char template[] =
    "# The configuration of each device; signet-config(5) has the language.\n"
    "{\n"
    "    OID.Security: {\n"
    "        1: {\n"
    "            RID.Security.ServerURI: 'coaps://127.0.0.1:5684',\n"
    "            RID.Security.Bootstrap: False,\n"
    "            RID.Security.Mode: 0,               # a key (PSK) for each device\n"
    "            RID.Security.ShortServerID: 1,\n"
    "        }\n"
    "    },\n"
    "    OID.Server: {\n"
    "        1: {\n"
    "            RID.Server.ShortServerID: 1,\n"
    "            RID.Server.Lifetime: 24 * 60 * 60,  # seconds\n"
    "            RID.Server.NotificationStoring: False,\n"
    "            RID.Server.Binding: 'U',\n"
    "        }\n"
    "    },\n"
    "}\n";

static const char readme[] =
    "A rehearsal of a line: four slots, eight simulated boards, a simulated server.\n"
    "  ./rehearse                           starts boards and server, runs order.yaml, ends them\n"
    "  signet ledger list ledger.db         what was made; `signet help` lists all commands\n"
    "  rm -r ledger.db* work devices rack   begins anew\n"
    "For real boards change board, slots and servers in order.yaml, and run: signet run "
    "order.yaml\n";

static const char rehearse[] = /* the program stands in front of it */
    "cd \"$(dirname \"$0\")\" || exit 1\n"
    "started=\n"
    "trap 'kill $started 2>/dev/null' EXIT\n"
    "mkdir -p rack\n"
    "rm -f server.txt rack.txt\n"
    "\"$signet\" sim server --server-file server.json --token-file token --ca-file ca.pem \\\n"
    "    --keep devices > server.txt &\n"
    "started=\"$started $!\"\n"
    "\"$signet\" sim rack rack --slots 4 --boards 2 > rack.txt &\n"
    "started=\"$started $!\"\n"
    "tries=0\n"
    "until [ -s server.txt ] && [ -s rack.txt ]; do\n"
    "    tries=$((tries + 1))\n"
    "    [ $tries -lt 300 ] || { echo 'boards and server did not start' >&2; exit 1; }\n"
    "    sleep 0.1\n"
    "done\n"
    "\"$signet\" run --wait 5 \"$@\" order.yaml\n";

static int cannot_make(const char *path, struct signet_error *err)
{
    return cli_error(err, errno == EEXIST ? SIGNET_E_EXISTS : SIGNET_E_IO,
                     errno == EEXIST    ? "name another folder, or move this file away"
                     : errno == ENOTDIR ? "a file has this name: name another folder"
                                        : "",
                     "cannot make '%s': %s", PLAIN(path), strerror(errno));
}

/* Nothing is made where one of the files is there. */
static int check_free(const char *folder, const char *name, struct signet_error *err)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (lstat(path, &st) != 0)
        return SIGNET_OK;
    errno = EEXIST;
    return cannot_make(path, err);
}

/* A new file; one that is there already is left as it is. */
static int put_new(const char *folder, const char *name, mode_t mode, const char *text,
                   struct signet_error *err)
{
    char path[PATH_MAX];
    size_t len = strlen(text);
    int failed = 0;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return cannot_make(path, err);
    if (write(fd, text, len) != (ssize_t)len)
        failed = errno ? errno : ENOSPC;
    if (close(fd) && !failed)
        failed = errno;
    return failed ? cli_error(err, SIGNET_E_IO, "free the disk, and begin anew",
                              "cannot write '%s': %s", PLAIN(path), strerror(failed))
                  : SIGNET_OK;
}

/* The script calls this very program, wherever it is; one with a quote in its path is left to the
 * PATH. */
static int put_script(const char *folder, struct signet_error *err)
{
    char program[PATH_MAX], text[PATH_MAX + sizeof(rehearse) + 100];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[n > 0 ? n : 0] = '\0';
    if (n <= 0 || strchr(program, '\''))
        strcpy(program, "signet");
    snprintf(text, sizeof(text),
             "#!/bin/sh\n# Boards, server and the run of a rehearsal.\nsignet='%s'\n%s", program,
             rehearse);
    return put_new(folder, "rehearse", 0700, text, err);
}

static int put_folder(const char *folder, struct signet_error *err)
{
    static const struct {
        const char *name, *text;
    } files[] = {{"order.yaml", order}, {"template", template}, {"README", readme}};
    enum { FILES = sizeof(files) / sizeof(files[0]) };
    int rc = check_free(folder, "rehearse", err);
    for (size_t i = 0; rc == SIGNET_OK && i < FILES; i++)
        rc = check_free(folder, files[i].name, err);
    if (rc != SIGNET_OK)
        return rc;
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        int sys = errno;
        cli_error(err, SIGNET_E_IO, "", "cannot make the folder '%s': %s", PLAIN(folder),
                  strerror(sys));
        err->sys = sys;
        return SIGNET_E_IO;
    }
    for (size_t i = 0; rc == SIGNET_OK && i < FILES; i++)
        rc = put_new(folder, files[i].name, 0644, files[i].text, err);
    return rc == SIGNET_OK ? put_script(folder, err) : rc;
}

static int init(int argc, char **argv)
{
    struct cli cli = {0};
    if (!cli_parse(&cli, argc, argv, NULL, "[FOLDER]",
                   "Makes FOLDER (rehearsal) with a work order, a template, and a script that runs "
                   "them with simulated boards and a simulated server.",
                   0, 1))
        return EXIT_USAGE;
    const char *folder = cli.arg_count ? cli.args[0] : "rehearsal";
    int rc = put_folder(folder, &cli.err);
    if (rc == SIGNET_OK && cli.json) {
        json_line("init", M_TEXT("folder", folder));
    } else if (rc == SIGNET_OK) {
        printf("%s: a line of four slots with simulated boards and a simulated server\n"
               "start it: %s/rehearse\n",
               PLAIN(folder), PLAIN(folder));
    }
    return cli_end(&cli, rc);
}

const struct verb init_verbs[] = {
    {"", "a folder with a line that runs at once, without hardware", init},
    {0},
};
