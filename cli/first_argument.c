/* SPDX-License-Identifier: Apache-2.0 */
/* What the first argument is, where an order or a ledger is wanted. */
#include "cli.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum signet_file_kind cli_file_kind(const char *path)
{
    char head[2048];
    struct stat st;
    bool plain =
        stat(path, &st) == 0 && S_ISREG(st.st_mode); /* a pipe would wait, and be emptied */
    FILE *file = plain ? fopen(path, "r") : NULL;
    size_t len = file ? fread(head, 1, sizeof(head), file) : 0;
    if (file)
        fclose(file);
    return len ? signet_file_kind(head, len) : SIGNET_FILE_UNKNOWN;
}

const char *cli_first_is_no(const struct cli *cli, enum signet_file_kind *kind)
{
    const char *doc = cli->args_doc ? cli->args_doc : "", *first = cli->args[0];
    bool ledger = !strncmp(doc, "LEDGER", 6);

    *kind = ledger ? SIGNET_FILE_LEDGER : SIGNET_FILE_ORDER;
    if ((!ledger && strncmp(doc, "ORDER.yaml", 10) != 0) || strstr(doc, "...") ||
        strchr(first, '=') || strstr(first, "://") || !strcmp(doc, "LEDGER FROM") ||
        (access(first, F_OK) == 0 && cli_file_kind(first) == SIGNET_FILE_UNKNOWN) ||
        cli_file_kind(first) == *kind)
        return NULL;
    return ledger ? "ledger" : "order";
}

/* What else is wrong follows from it. */
void cli_first_explained(const struct cli *cli, struct signet_error *err)
{
    enum signet_file_kind kind;
    struct signet_error why = {.code = SIGNET_E_USAGE};
    if (!cli->arg_count || !cli_first_is_no(cli, &kind) || access(cli->args[0], F_OK) != 0)
        return;
    signet_file_explain(SIGNET_E_USAGE, kind, cli->args[0], &why);
    if (strstr(why.msg, " is "))
        *err = why;
}
