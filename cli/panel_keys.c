/* SPDX-License-Identifier: Apache-2.0 */
/* Keys at the panel do what `signet line` does, by the same calls. The terminal gives each key at
 * once and shows none while the line runs; Ctrl-C works as ever. */
#include "panel.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A scanner that acts as a keyboard types faster than a person. */
enum { LOOK_MS = 200, SCANNER_MS = 50, BYTES_MAX = 640 };

struct panel_keys {
    struct signet_run *run;
    struct termios before;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    bool ending;
    char asks; /* the key whose text is being typed; 0: none */
    char text[SIGNET_PERSON_SIZE];
    struct signet_slot_status reworks; /* as it was when it was named */
    char said[200];                    /* why the last key did nothing, "" */
};

/* A process in the background leaves the terminal alone. */
static bool has_terminal(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Also after the process was stopped and came back. */
static void take_terminal(const struct panel_keys *k)
{
    struct termios now;
    if (!has_terminal() || tcgetattr(STDIN_FILENO, &now) != 0 || !(now.c_lflag & (ICANON | ECHO)))
        return;
    now = k->before;
    now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

static void say(struct panel_keys *k, const char *text)
{
    pthread_mutex_lock(&k->lock);
    snprintf(k->said, sizeof(k->said), "%.199s", text);
    pthread_mutex_unlock(&k->lock);
}

/* The slot of that name, or one whose board may be tried or made again as `may` says; the other one
 * is NULL. False: none. */
static bool look_for_slot(struct signet_run *run, const char *name, const char *may,
                          struct signet_slot_status *slot)
{
    struct signet_status *status = signet_run_status(run);
    bool found = false;
    for (size_t i = 0; !found && i < signet_status_slot_count(status); i++) {
        signet_status_slot(status, i, slot);
        found = (name && !strcmp(slot->name, name)) || (may && !strcmp(slot->may, may));
    }
    return found;
}

static bool may_any(struct signet_run *run, const char *may)
{
    struct signet_slot_status slot;
    return look_for_slot(run, NULL, may, &slot);
}

static int toggle_slot(struct signet_run *run, const char *name, struct signet_error *err)
{
    struct signet_slot_status slot;
    bool off = look_for_slot(run, name, NULL, &slot) && slot.off;
    return signet_run_slot(run, name, !off, err);
}

/* Asks for the reason next. */
static void name_rework(struct panel_keys *k, const char *name)
{
    struct signet_slot_status slot = {0};
    if (!look_for_slot(k->run, name, NULL, &slot) || strcmp(slot.may, "rework") != 0) {
        say(k, "no board in that slot can be reworked");
        return;
    }
    pthread_mutex_lock(&k->lock);
    k->reworks = slot;
    k->asks = 'W';
    k->text[0] = '\0';
    pthread_mutex_unlock(&k->lock);
}

/* Of the board that was there when the slot was named. */
static int rework(struct panel_keys *k, const char *reason, struct signet_error *err)
{
    struct signet_slot_status now = {0};
    if (!look_for_slot(k->run, k->reworks.name, NULL, &now) || strcmp(now.may, "rework") != 0 ||
        strcmp(now.endpoint, k->reworks.endpoint) != 0)
        return cli_error(err, SIGNET_E_CONFLICT, "",
                         "that board is no longer in the slot, or in work");
    return signet_run_rework(k->run, now.name, reason, err);
}

/* A text that was typed. Without locks: the ledger may take its time. */
static void finish_text(struct panel_keys *k, char key, const char *text)
{
    struct signet_error err = {0};
    int rc = SIGNET_OK;
    if (key == 'o')
        rc = signet_run_operator(k->run, text, &err);
    else if (key == 'h')
        rc = signet_run_shift(k->run, text, &err);
    else if (key == 's' && text[0])
        rc = toggle_slot(k->run, text, &err);
    else if (key == 't' && text[0])
        rc = signet_run_retry(k->run, text, &err);
    else if (key == 'W')
        rc = rework(k, text, &err);
    else if (key == 'c')
        rc = signet_run_scan(k->run, NULL, text, strlen(text), &err);
    else if (key == 'q' && (text[0] == 'y' || text[0] == 'Y'))
        signet_run_stop(k->run);
    say(k, rc == SIGNET_OK ? "" : err.msg);
    if (key == 'w' && text[0])
        name_rework(k, text);
}

/* Is there something that this key begins, which a text follows? */
static bool asks_for_text(const struct panel_keys *k, char key)
{
    return strchr("ohsq", key) || (key == 'c' && signet_run_has_scan(k->run)) ||
           (key == 't' && may_any(k->run, "retry")) || (key == 'w' && may_any(k->run, "rework"));
}

static void press(struct panel_keys *k, char key)
{
    struct signet_error err = {0};
    int rc = SIGNET_OK;
    say(k, "");
    if (key == 'p' || key == 'r')
        rc = signet_run_pause(k->run, key == 'p', &err);
    if (rc != SIGNET_OK)
        say(k, err.msg);
    if (!asks_for_text(k, key))
        return;
    pthread_mutex_lock(&k->lock);
    k->asks = key;
    k->text[0] = '\0';
    pthread_mutex_unlock(&k->lock);
}

/* One byte of a text; a character that is deleted goes with all of its bytes. */
static void type(struct panel_keys *k, char c)
{
    size_t len = strlen(k->text);
    if (c == 127 || c == '\b') {
        while (len > 0 && ((unsigned char)k->text[len - 1] & 0xc0) == 0x80)
            len--;
        len -= len > 0;
    } else if ((unsigned char)c >= ' ' && len + 1 < sizeof(k->text)) {
        k->text[len++] = c;
    }
    k->text[len] = '\0';
}

static void take_byte(struct panel_keys *k, char c)
{
    char text[SIGNET_PERSON_SIZE], key = k->asks;
    if (!key) {
        press(k, c);
        return;
    }
    bool over = c == '\n' || c == '\r' || c == '\033';
    pthread_mutex_lock(&k->lock);
    if (!over)
        type(k, c);
    memcpy(text, k->text, sizeof(text));
    k->asks = over ? 0 : key;
    pthread_mutex_unlock(&k->lock);
    if (over && c != '\033')
        finish_text(k, key, text);
}

/* An arrow, or another key without a letter, is Escape and more, in one piece: it is passed over.
 */
static void take_bytes(struct panel_keys *k, const char *bytes, ssize_t n)
{
    for (ssize_t i = 0; i < n; i++)
        if (bytes[i] == '\033' && i + 1 < n && (bytes[i + 1] == '[' || bytes[i + 1] == 'O'))
            for (i += 2; i < n && (bytes[i] < '@' || bytes[i] > '~');)
                i++;
        else
            take_byte(k, bytes[i]);
}

static bool ends_code(char c)
{
    return c == '\r' || c == '\n' || c == '\t';
}

/* What comes within a moment of the first key, up to the end of a code. Keys as such come alone. */
static size_t read_code(char *bytes, size_t n)
{
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    while (n < BYTES_MAX && !ends_code(bytes[n - 1]) && poll(&ready, 1, SCANNER_MS) > 0) {
        ssize_t more = read(STDIN_FILENO, bytes + n, BYTES_MAX - n);
        if (more <= 0)
            break;
        n += (size_t)more;
    }
    return n;
}

static void scan(struct panel_keys *k, const char *text, size_t len)
{
    struct signet_error err = {0};
    int rc = signet_run_scan(k->run, NULL, text, len, &err);
    say(k, rc == SIGNET_OK ? "the code is taken" : err.msg);
}

/* Codes that a scanner typed, and maybe a key behind them. */
static void take_codes(struct panel_keys *k, const char *bytes, size_t n)
{
    size_t begin = 0;
    for (size_t i = 0; i < n; i++) {
        if (!ends_code(bytes[i]))
            continue;
        if (i > begin)
            scan(k, bytes + begin, i - begin);
        begin = i + 1;
    }
    if (n - begin > 1)
        say(k, "a code came without its end: set the scanner to send Enter behind each");
    else
        take_bytes(k, bytes + begin, (ssize_t)(n - begin));
}

static void take_keys(struct panel_keys *k, char *bytes, size_t n)
{
    if (n > 0 && !k->asks && bytes[0] != '\033' && !ends_code(bytes[0]) &&
        signet_run_has_scan(k->run)) {
        n = read_code(bytes, n);
        if (n > 1) {
            take_codes(k, bytes, n);
            return;
        }
    }
    take_bytes(k, bytes, (ssize_t)n);
}

static void *watch_keys(void *arg)
{
    struct panel_keys *k = arg;
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    bool ending = false;
    while (!ending && !signet_cancel_fired(process_cancel())) {
        char bytes[BYTES_MAX];
        take_terminal(k);
        /* one that is another's, or gone, is always ready: only time passes */
        bool typed = poll(&ready, has_terminal(), LOOK_MS) > 0 && has_terminal();
        ssize_t n = typed ? read(STDIN_FILENO, bytes, 64) : 0;
        if (typed && n <= 0)
            break;
        take_keys(k, bytes, (size_t)n);
        pthread_mutex_lock(&k->lock);
        ending = k->ending;
        pthread_mutex_unlock(&k->lock);
    }
    if (has_terminal())
        tcsetattr(STDIN_FILENO, TCSANOW, &k->before);
    return NULL;
}

struct panel_keys *panel_keys_begin(struct signet_run *run)
{
    struct panel_keys *k = calloc(1, sizeof(*k));
    if (!k || !isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &k->before) != 0) {
        free(k);
        return NULL;
    }
    k->run = run;
    pthread_mutex_init(&k->lock, NULL);
    if (pthread_create(&k->thread, NULL, watch_keys, k) == 0)
        return k;
    pthread_mutex_destroy(&k->lock);
    free(k);
    return NULL;
}

void panel_keys_end(struct panel_keys **keys)
{
    struct panel_keys *k = *keys;
    if (!k)
        return;
    pthread_mutex_lock(&k->lock);
    k->ending = true;
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    pthread_mutex_destroy(&k->lock);
    free(k);
    *keys = NULL;
}

void panel_keys_text(struct panel_keys *k, char out[static 400])
{
    bool retry = may_any(k->run, "retry"), again = may_any(k->run, "rework");
    pthread_mutex_lock(&k->lock);
    if (k->asks)
        snprintf(out, 400, "%s: %s_   (Enter; Esc: leave it)",
                 k->asks == 'o'   ? "operator"
                 : k->asks == 'h' ? "shift"
                 : k->asks == 'c' ? "code"
                 : k->asks == 's' ? "slot off or on"
                 : k->asks == 't' ? "slot to retry"
                 : k->asks == 'w' ? "slot to rework"
                 : k->asks == 'W' ? "the board is erased: why"
                                  : "end the run? y",
                 k->text);
    else
        snprintf(out, 400, "%s%s%s%sp pause  r resume  s slot off/on  %so operator  h shift  q end",
                 k->said, k->said[0] ? "   " : "", retry ? "t retry  " : "",
                 again ? "w rework  " : "", signet_run_has_scan(k->run) ? "c code  " : "");
    pthread_mutex_unlock(&k->lock);
}
