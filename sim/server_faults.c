/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulated server does wrong, and when. */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HUGE_LINES = 20000 }; /* more than a client takes */

const char *sim_faults_next(struct sim_server_faults *faults, const char *method,
                            const char *creates)
{
    struct sim_fault_list *list = strcmp(method, creates) == 0    ? &faults->creating
                                  : strcmp(method, "DELETE") == 0 ? &faults->removing
                                                                  : &faults->looking;

    return list->next < list->count ? list->words[list->next++] : "";
}

static void put_page(struct sim_reply *reply, int status, const char *text)
{
    reply->status = status;
    buf_printf(&reply->body, "<html><body>%s</body></html>", text);
}

static void put_huge(struct sim_reply *reply)
{
    reply->status = 400;
    for (int i = 0; i < HUGE_LINES; i++)
        buf_text(&reply->body, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abc\n");
}

bool sim_faults_answer(const char *fault, uint16_t port, struct sim_reply *reply,
                       char more[static 80])
{
    int status = (int)strtol(fault, NULL, 10);
    const char *value = strchr(fault, '=');
    long number = value ? strtol(value + 1, NULL, 10) : 0;

    if (status) {
        if (value)
            snprintf(more, 80, "Retry-After: %ld\r\n", number);
        sim_reply_error(reply, status, "so it was asked for");
    } else if (strcmp(fault, "html") == 0) {
        put_page(reply, 502, "Bad gateway");
    } else if (strncmp(fault, "page=", 5) == 0) {
        put_page(reply, (int)number, "A proxy has refused this request");
    } else if (strcmp(fault, "portal") == 0) {
        put_page(reply, 200, "Please log in to the network");
    } else if (strcmp(fault, "huge") == 0) {
        put_huge(reply);
    } else if (strcmp(fault, "redirect") == 0) {
        reply->status = 307;
        snprintf(more, 80, "Location: https://localhost:%u/elsewhere\r\n", port);
    } else {
        return strcmp(fault, "drop") == 0;
    }
    return true;
}

static bool known_word(const char *word, const char *const *known, size_t count)
{
    size_t i = 0;

    while (i < count && !text_is(word, strcspn(word, "="), known[i]))
        i++;
    return i < count;
}

static bool known_fault(const char *word)
{
    static const char *const known[] = {"html", "page",     "huge",   "truncate",        "drop",
                                        "slow", "redirect", "portal", "commit-then-drop"};
    size_t len = strcspn(word, "=");
    long status = strtol(word, NULL, 10);

    if (((status >= 300 && status < 600) || status == 202) && len == 3)
        return true;
    return known_word(word, known, COUNT_OF(known));
}

/* Those that take a number, and those that do not. */
static bool has_wrong_number(const char *word)
{
    static const char *const numbered[] = {"latency", "date", "page", "202", "429", "503"};
    size_t len = strcspn(word, "=");
    char *end = NULL;

    if (!word[len] || strncmp(word, "bad-tls", len) == 0)
        return false;
    long number = strtol(word + len + 1, &end, 10);
    return !known_word(word, numbered, COUNT_OF(numbered)) || end == word + len + 1 || *end ||
           (number < 0 && strncmp(word, "date", len) != 0);
}

/* By what the word begins with, behind which *word is then. */
static struct sim_fault_list *list_of(struct sim_server_faults *faults, char **word)
{
    const char *look = sim_after(*word, "look-"), *remove = sim_after(*word, "remove-");

    if (look)
        *word += strlen("look-");
    if (remove)
        *word += strlen("remove-");
    return look ? &faults->looking : remove ? &faults->removing : &faults->creating;
}

static int read_fault(struct sim_server_faults *faults, char *word, struct signet_error *err)
{
    static const char *const tls[] = {"expired", "not-yet-valid", "wrong-host", "untrusted"};
    static const char *const with_number[] = {"latency", "date", "bad-tls"};
    struct sim_fault_list *list = list_of(faults, &word);
    char *star = strchr(word, '*');
    long times = star ? strtol(star + 1, NULL, 10) : 1;

    if (star)
        *star = '\0';
    if (strncmp(word, "bad-tls=", 8) == 0 && !known_word(word + 8, tls, COUNT_OF(tls)))
        return error_set_hint(err, SIGNET_E_USAGE, "expired, not-yet-valid, wrong-host, untrusted",
                              "a certificate is not bad by '%s'", word + 8);
    if (strchr(word, '=') && !known_fault(word) && !known_word(word, with_number, 3))
        return error_set_hint(err, SIGNET_E_USAGE,
                              "such as latency=200, date=-3600, 429=5, page=2, bad-tls=expired",
                              "no such misbehaviour: %s", word);
    if (has_wrong_number(word) || (star && times < 1))
        return error_set_hint(
            err, SIGNET_E_USAGE,
            "such as latency=200, date=-3600, 429=5 or drop*3; the others have none",
            "'%s' has no number, or one that it does not take", star ? star + 1 : word);
    if (strncmp(word, "latency=", 8) == 0)
        faults->latency_ms = (unsigned)strtoul(word + 8, NULL, 10);
    else if (strncmp(word, "date=", 5) == 0)
        faults->tells_date = true, faults->date_ahead = (int)strtol(word + 5, NULL, 10);
    else if (strncmp(word, "bad-tls=", 8) == 0)
        snprintf(faults->bad_tls, sizeof(faults->bad_tls), "%s", word + 8);
    else if (!known_fault(word))
        return error_set_hint(err, SIGNET_E_USAGE, "`signet sim server --help` lists them",
                              "the simulated server has no fault '%s'", word);
    else
        while (times-- > 0 && list->count < SIM_FAULTS_MAX)
            list->words[list->count++] = strdup(word);
    return SIGNET_OK;
}

/* Those that have had their turn make room. */
static void forget_used(struct sim_fault_list *list)
{
    for (size_t i = 0; i < list->next; i++)
        free(list->words[i]);
    list->count -= list->next;
    memmove(list->words, list->words + list->next, list->count * sizeof(*list->words));
    memset(list->words + list->count, 0, list->next * sizeof(*list->words));
    list->next = 0;
}

int sim_faults_read(struct sim_server_faults *faults, const char *text, struct signet_error *err)
{
    char *copy = strdup(text ? text : ""), *rest = copy, *word;
    int rc = copy ? SIGNET_OK : error_nomem(err);

    forget_used(&faults->creating);
    forget_used(&faults->looking);
    while (!rc && (word = strsep(&rest, ",")))
        if (*word)
            rc = read_fault(faults, word, err);
    free(copy);
    return rc;
}

void sim_faults_free(struct sim_server_faults *faults)
{
    for (size_t i = 0; i < SIM_FAULTS_MAX; i++) {
        free(faults->creating.words[i]);
        free(faults->removing.words[i]);
        free(faults->looking.words[i]);
    }
}
