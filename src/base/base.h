/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

/* What every room stands on: errors, bytes, secrets, text encodings, safe files, clocks, cancel.
 * libc only. */

#include <signet/bytes.h>
#include <signet/cancel.h>
#include <signet/error.h>
#include <signet/event.h>
#include <signet/file_kind.h>
#include <signet/option.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* errors (error.c) */

/* Each gives code, so that a function can end with `return error_set(...)`. They overwrite what
 * *err held; a message that does not fit is cut. Macros, so that a compiler and an analyzer see
 * that the outcome is the code. error_sys adds ": " and strerror(sys) unless sys is 0; sys is
 * kept. */
#define error_set(err, code, ...)      error_sys(err, code, 0, __VA_ARGS__)
#define error_sys(err, code, sys, ...) (error_write(err, code, sys, __VA_ARGS__), error_code(code))
/* With a hint, which is no format. */
#define error_set_hint(err, code, hint, ...)                                                       \
    (error_set(err, code, __VA_ARGS__), error_hint(err, "%s", hint), error_code(code))
#define error_nomem(err) error_set(err, SIGNET_E_NOMEM, "out of memory")
static inline int error_code(enum signet_code code)
{
    return (int)code;
}
void error_write(struct signet_error *err, enum signet_code code, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "phrase: " in front of the message. Every layer adds the phrase that it knows. */
void error_prefix(struct signet_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, unless rc is SIGNET_OK; passes rc on. */
#define error_pass(rc, err, ...)                                                                   \
    ({                                                                                             \
        int passed = (rc);                                                                         \
        if (passed != SIGNET_OK)                                                                   \
            error_prefix(err, __VA_ARGS__);                                                        \
        passed;                                                                                    \
    })
/* Replaces the hint. */
void error_hint(struct signet_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Passes on an error that was kept apart; gives its code. */
int error_copy(struct signet_error *err, const struct signet_error *why);

/* places in text (error_caret.c): every format that people write is told of alike:
 * "FILE:LINE:COLUMN: ...", and an excerpt of the line with a caret, in which what may be a secret
 * is dots. */

struct line_column {
    unsigned line, column; /* both from 1, in characters */
};
/* Marks in hide[] the bytes of text[start..end), in one line, that may be a secret. */
typedef void text_hide(const void *ctx, const char *text, size_t len, size_t start, size_t end,
                       bool *hide);
text_hide text_hide_secrets; /* what looks like a key, or stands behind the name of one */
text_hide text_hide_all;     /* letters and digits */
/* A name whose value is a secret: token, client_secret, "psk". */
bool text_names_secret(const char *name, size_t len);
struct text_source {
    const char *name; /* NULL: whoever knows it calls signet_file_explain() */
    const char *text;
    size_t len;
    text_hide *hide;
    const void *ctx; /* of hide */
};
struct line_column text_place(const char *text, size_t len, size_t at);
size_t text_offset(const char *text, size_t len, struct line_column place);
/* As error_set(), at an offset of the text; the hint is no format. */
#define error_at(err, code, source, at, ...)                                                       \
    (error_write_at(err, code, source, at, __VA_ARGS__), error_code(code))
#define error_at_hint(err, code, source, at, hint, ...)                                            \
    (error_write_at(err, code, source, at, __VA_ARGS__), error_hint(err, "%s", hint),              \
     error_code(code))
void error_write_at(struct signet_error *err, enum signet_code code,
                    const struct text_source *source, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* As error_at(), of a name that nobody knows: its value may be a secret, and is not shown. */
int error_at_unknown(struct signet_error *err, enum signet_code code,
                     const struct text_source *source, size_t at, const char *what);
/* odd_text.c: is what stands at an offset a thing that no format takes: a curly quote, a no-break
 * space, a mark of a merge? */
bool text_odd(const char *text, size_t len, size_t at, const char **what, const char **hint);
/* The same of a value of so many bytes: what nobody means to write into one. quoted: only what
 * nobody sees. The offset; len: nothing is there. */
size_t text_odd_value(const char *text, size_t len, bool quoted, const char **what,
                      const char **hint);
/* The excerpt alone, for an error that has its place in its message. */
void error_excerpt(struct signet_error *err, const struct text_source *source, size_t at);
/* error_place.c: an error about what a text means, which has no place yet, gets that of the value
 * or key which its message names, at the beginning or in quotes. False: none was found. */
enum {
    BLAME_NAMES = 1,  /* without quotes as well, when it is a key of the text */
    BLAME_VALUES = 2, /* or a value */
    BLAME_START = 4,  /* else the beginning */
    BLAME_SERVER = 8, /* else the url: it is what a server answered */
};
/* The first place where the word stands whole, as a key or as a value; SIZE_MAX: nowhere. */
size_t text_find_word(const struct text_source *source, const char *word, size_t len, bool key);
bool error_blame(struct signet_error *err, const struct text_source *source, unsigned flags);

/* options (options.c): *to becomes what the caller gave, who may have been built with a header of
 * another version: what it does not have is zero. given may be NULL: all zero. */
#define options_take(to, given)                                                                    \
    options_copy((to), sizeof(*(to)), (given), (given) ? (given)->size : 0)
void options_copy(void *to, size_t to_size, const void *given, size_t given_size);

/* events (event.c); observer may be NULL */
void event_warn(const struct signet_observer *observer, const struct signet_error *warning);
/* A warning that begins here; hint: no format; NULL: none. */
void event_note(const struct signet_observer *observer, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void event_send(const struct signet_observer *observer, const struct signet_event *event);

/* growable bytes (buf.c); initialise to {0}. Growth never leaves an old copy behind unwiped, so a
 * buf may hold a secret. Appending past max (0: BUF_MAX) or without memory sets failed and drops
 * the data: check once, at the end. There is always room for a terminating zero after len. */

#define BUF_MAX ((size_t)256 * 1024 * 1024)

struct buf {
    uint8_t *data;
    size_t len, cap, max;
    bool failed;
};

void buf_append(struct buf *b, const void *data, size_t len);
void buf_byte(struct buf *b, uint8_t byte);
void buf_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_reserve(struct buf *b, size_t more);
/* Fails, for the same reason, when the part failed that was to be a part of b. */
void buf_fail_with(struct buf *b, const struct buf *part);
/* Room for len more bytes, at the returned place; len grows by it. NULL when failed. */
static inline uint8_t *buf_extend(struct buf *b, size_t len)
{
    if (len >= b->cap - b->len) { /* else it is there, with the terminating zero, and within max */
        buf_reserve(b, len);
        if (b->failed)
            return NULL;
    }
    b->len += len;
    b->data[b->len] = '\0';
    return b->data + b->len - len;
}
void buf_reset(struct buf *b); /* wipes the contents, keeps the memory */
void buf_free(struct buf *b);  /* wipes, frees; {0} again */
/* SIGNET_OK, or SIGNET_E_LIMIT / SIGNET_E_NOMEM when failed. */
int buf_check(const struct buf *b, struct signet_error *err);
/* Hands the bytes over to a signet_bytes (zero-terminated) and empties b; checks first. */
int buf_take(struct buf *b, struct signet_bytes *out, struct signet_error *err);
/* Ends a function: the same if rc is SIGNET_OK; else it is freed. rc, or what buf_take() says. */
int buf_end(struct buf *b, int rc, struct signet_bytes *out, struct signet_error *err);

/* Room for one member more behind those that an array has (list.c): it moves to twice the size when
 * their number is a power of two. It holds no secret, and free() takes it. SIGNET_E_NOMEM. */
#define list_room(list, count, err)                                                                \
    ({                                                                                             \
        void *moved = list_move((list), (count), sizeof(*(list)));                                 \
        if (moved)                                                                                 \
            (list) = moved;                                                                        \
        moved ? SIGNET_OK : error_nomem(err);                                                      \
    })
void *list_move(void *list, size_t count, size_t size); /* NULL: no memory */

/* secrets (secret.c): PSKs, private keys, tokens live here and nowhere else. Never copied by
 * assignment, never realloc'd, wiped on overwrite and free. Zero-terminated. */

struct secret {
    uint8_t *data;
    size_t len;
};

/* Those that secret_live() was called for are live secrets (live_secrets.c) until wiped. */
int secret_set(struct secret *s, const void *data, size_t len, struct signet_error *err);
int secret_alloc(struct secret *s, size_t len, struct signet_error *err); /* zeroed */
/* Frees b, whatever it returns (buf.c). */
int secret_from_buf(struct secret *s, struct buf *b, struct signet_error *err);
/* When rc is SIGNET_OK, what was made becomes *out; else it is wiped. Passes rc on. */
int secret_give(int rc, struct secret *made, struct secret *out);
void secret_live(struct secret *s);
void secret_wipe(struct secret *s); /* {NULL, 0} afterwards */
void wipe(void *data, size_t len);

/* memory for what may be a secret (locked_memory.c): secrets, bufs and the values of trees. Core
 * dumps leave it out, and it is locked, so that it never gets into the swap: 16 MiB of it, as far
 * as RLIMIT_MEMLOCK allows. NULL: no memory. */
void *locked_alloc(size_t size);
/* Also of what malloc() gave. The caller has wiped it. */
void locked_free(void *memory);
/* A warning, once in a process, when it was not. */
void locked_warn_once(const struct signet_observer *observer);

/* A passphrase (passphrase.c): the first line of the file, or what a person answers. hint: where
 * neither is given (SIGNET_E_AUTH). */
struct passphrase {
    const char *file;
    int (*ask)(void *ctx, const char *what, struct signet_bytes *secret, struct signet_error *err);
    void *ask_ctx;
};
int passphrase_read(const struct passphrase *from, const char *what, const char *hint,
                    struct secret *out, struct signet_error *err);

/* Live secrets (live_secrets.c): keys, tokens, passwords, passphrases and PINs for as long as they
 * are in memory. All threads know them, and no text that leaves the library has one: errors,
 * events, the ledger's words, what hooks get, in no spelling. data stays where it is until
 * live_end(); shorter ones than LIVE_MIN would be found anywhere, and are not hidden. */
enum { LIVE_MIN = 4 };
struct live {
    const uint8_t *data;
    size_t len;
    struct live *next, **back;
};
void live_begin(struct live *live, const void *data, size_t len);
void live_end(struct live *live); /* also of {0}, and twice */
/* All of them as they are now, for secret_mask.c: a copy, so that others need not wait, or without
 * memory the list itself, locked until live_looked(). NULL: none. */
struct live_copy {
    struct live *all;
    size_t size;
};
const struct live *live_look(struct live_copy *copy);
void live_looked(const struct live *lives, struct live_copy *copy);
/* secret_mask.c: stars in place of live secrets and parts of them, in place: raw, in hex with
 * whatever between, in base64 and base32 at any offset, in numbers, escaped, backwards, or two of
 * these in one. */
void secret_mask(char *text, size_t len);
enum { SECRET_BEHIND = 512 }; /* bytes that a secret may go on behind what is shown of a text */

/* random (random.c): getrandom(2); failure is an error, there is no fallback */
int random_bytes(void *out, size_t len, struct signet_error *err);

/* encodings (encoding.c) */
void hex_encode(const uint8_t *data, size_t len, char *out); /* 2*len + 1 chars, lower case */
void buf_hex(struct buf *out, const uint8_t *data, size_t len);
/* Pairs of hex digits, nothing else. Returns bytes written or -1. out may be text itself. */
ssize_t hex_decode(const char *text, size_t len, uint8_t *out, size_t cap);
void base64_encode(const uint8_t *data, size_t len, char *out); /* padded, zero-terminated */
void buf_base64(struct buf *out, const uint8_t *data, size_t len);
/* RFC 4648 section 4, strict: padded, no blanks. Returns bytes written or -1. */
ssize_t base64_decode(const char *text, size_t len, uint8_t *out, size_t cap);
/* Section 5, without padding. */
ssize_t base64url_decode(const char *text, size_t len, uint8_t *out, size_t cap);

/* text (text.c) */
bool utf8_valid(const uint8_t *data, size_t len);
/* Bytes of the byte order mark that Windows puts in front of it: 3, or 0. */
size_t utf8_mark(const void *data, size_t len);
/* Bytes of the valid character at the beginning of data (len is at least 1), or 0. */
size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *code);
/* Not C0, DEL and C1, nor the marks that end a line, reorder or hide text. */
bool utf8_shown(uint32_t code);
/* SIGNET_E_MEANING: it is not UTF-8, or has control characters. */
int text_check(const char *what, const void *text, size_t len, struct signet_error *err);
/* A name of a person or a shift: the same, not empty, at most PERSON_MAX bytes. SIGNET_E_USAGE. */
enum { PERSON_MAX = 120 };
int text_check_person(const char *what, const char *name, struct signet_error *err);
/* Text from outside, for people, hooks, the ledger and files: it is masked here, and errors in the
 * same way. Live secrets become stars, control bytes and invalid UTF-8 \xNN. */
void text_plain(struct buf *out, const uint8_t *data, size_t len);
/* In place, for texts of a fixed size: each byte that a terminal must not get becomes '?'. */
void text_tame(char *text);
/* As text_plain(), and a backslash becomes two, so that \xNN has one meaning. */
void text_escape(struct buf *out, const uint8_t *data, size_t len);
/* The same with secrets: for values that are shown because they are to be. */
void text_escape_value(struct buf *out, const uint8_t *data, size_t len);
/* The first max bytes of data, escaped, zero-terminated; good until the end of the block. A secret
 * that goes on behind them is masked as well. */
#define text_shown(data, len, max) text_show((char[4 *(max) + 1]){0}, 4 * (max) + 1, data, len, max)
const char *text_show(char *out, size_t size, const void *data, size_t len, size_t max);
/* Appends text, with values[i][1] in place of each values[i][0]; a row of NULL ends the values. */
void text_expand(struct buf *out, const char *text, size_t len, const char *const (*values)[2]);
/* "unknown WHAT 'NAME'"; the hint is the nearest of the known names, or all. */
int text_unknown(enum signet_code code, const char *what, const char *name,
                 const char *const *known, size_t count, struct signet_error *err);
/* That hint; none when all are too long for it. */
void text_hint_known(const char *name, const char *const *known, size_t count,
                     struct signet_error *err);
/* Rows of words that people write for a name, in lower case with a blank between, and the hint for
 * them; a row of NULL ends them, rows may be NULL. False: none has the word. */
bool text_hint_meant(const char *word, const char *const (*rows)[2], struct signet_error *err);
/* Is c a character of the set? The zero at the end is none of it. */
static inline bool char_in(int c, const char *set)
{
    return c && strchr(set, c);
}
static inline bool text_is(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

bool text_is_hex(const void *text, size_t len); /* digits alone */
/* A copy for the caller to free; of NULL nothing. */
int text_copy(char **out, const char *text, struct signet_error *err);
/* As asprintf(); *out is NULL after SIGNET_E_NOMEM. */
int text_format(char **out, struct signet_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool text_ends_with(const char *text, const char *end); /* and is longer */
bool text_has_tail(const char *text, const char *tail); /* upper or lower case, may be all of it */
/* Stars in place of hex numbers of so many digits and more: each may be a key. */
void text_mask_hex(char *text, size_t digits);
/* Are two serial numbers the same, but for zeros in front and upper or lower case? */
bool text_same_serial(const char *a, const char *b);
/* LwM2M endpoint names that Signet lets through: letters, digits and -._: , 1 to 150 long. */
bool endpoint_name_valid(const char *name, size_t len);
/* "_" for a device's file, else "": one that begins with a dot is overlooked, with a minus taken
 * for an option. "_-x" gets one as well, which tells it from "-x". */
const char *file_name_front(const char *endpoint);

/* options of adapters (adapter_options.c): each kind declares its own in a table */

/* The value that was given, or NULL. */
const char *adapter_option(const struct signet_option options[SIGNET_OPTIONS_MAX],
                           const char *name);
bool adapter_option_declared(const struct signet_option_info *table, const char *name);
/* Their count. */
size_t adapter_option_names(const struct signet_option_info *table,
                            const char *names[SIGNET_OPTIONS_MAX]);
/* Copies of what is given, added or put in place of older values. SIGNET_E_USAGE: the table of this
 * kind has no such option. options is freed by the caller, also after an error. */
int adapter_options_add(struct signet_option options[SIGNET_OPTIONS_MAX], const char *kind,
                        const struct signet_option_info *table,
                        const struct signet_option given[SIGNET_OPTIONS_MAX],
                        struct signet_error *err);
void adapter_options_free(struct signet_option options[SIGNET_OPTIONS_MAX]);

/* files (file.c) */

/* Whole file; SIGNET_E_LIMIT past max. "-" is not special. Refuses directories. */
int file_read(const char *path, size_t max, struct buf *out, struct signet_error *err);
/* As file_read into a secret; refuses a file that group or others can read or write, and one of
 * another user but root. */
int file_read_secret(const char *path, size_t max, struct secret *out, struct signet_error *err);
/* As file_read into a secret; *shared: it is a file that group or others can read. */
int file_read_shared(const char *path, size_t max, bool *shared, struct secret *out,
                     struct signet_error *err);
/* As file_read_secret, but no link, no pipe, and no file of two names. */
int file_read_own(const char *path, size_t max, struct secret *out, struct signet_error *err);
/* Whole or not at all, and never through a symlink: O_EXCL temp name beside the target with mode,
 * fsync, rename, fsync of the folder. */
int file_write(const char *path, const void *data, size_t len, mode_t mode,
               struct signet_error *err);
/* SIGNET_E_IO: the folder of path is not there, or cannot be opened. */
int file_has_folder(const char *path, struct signet_error *err);
/* SIGNET_E_EXISTS when an output that a person named would replace a file of another kind, such as
 * an order, or a packet one of no kind, unless the caller keeps that (file_kind.c). */
int file_spare(const char *path, const void *data, size_t len, bool keeps,
               struct signet_error *err);
/* Ends a function: as file_write with mode 0600, if rc is SIGNET_OK; text is freed in any case. */
int file_save(const char *path, struct buf *text, int rc, struct signet_error *err);
/* As file_write with mode 0600, but it may be lost in a power cut: nothing waits for the disk. */
int file_replace(const char *path, const void *data, size_t len, struct signet_error *err);
/* As file_write with mode 0600, but SIGNET_E_EXISTS when path exists. */
int file_create(const char *path, const void *data, size_t len, struct signet_error *err);
/* At its end, made with mode 0600 when it is not there, with fsync. Neither through a link nor into
 * what is no plain file, another user's, or has a second name. closed: permissions that it must not
 * have: 077 when it holds secrets, 022 when others must not change it. */
int file_add(const char *path, const void *data, size_t len, mode_t closed,
             struct signet_error *err);
/* Do both paths name one file? It need not be there yet. */
bool file_same(const char *a, const char *b);
/* file_near.c: what to do about a path that is one of another system, of a shell or of the web;
 * NULL: it is none. */
const char *file_path_doubt(const char *path);
/* file_kind.c: it is of a kind that holds no secret, such as a certificate: the error says so. */
bool file_has_no_secret(const char *path, struct signet_error *err);
/* Why a file cannot be opened (errno), and which one in its folder may be meant (file_near.c). */
int file_missing(int sys, const char *path, struct signet_error *err);
/* fsync of the folder that path is in. */
int file_sync_folder(const char *path, struct signet_error *err);
/* A plain file with one name, ours, that no other user can open: for what is written to. */
struct stat;
bool file_is_private(const struct stat *st);
/* We are root, who runs nothing that another user or a group of users could change. */
bool file_not_for_root(const struct stat *st);
/* SIGNET_E_IO: another user but root owns the folder, or others may change what is in it; in one
 * like /tmp they may not (sticky). */
int file_check_folder(const char *path, struct signet_error *err);
/* mkdir of the last component, with mode 0700, unless it is a folder already. */
int file_mkdir(const char *path, struct signet_error *err);
/* As file_mkdir; refuses a folder, or a link to one, of another user or that others can change. */
int file_mkdir_private(const char *path, struct signet_error *err);
/* A folder that is ours, no link, and that nobody else changes; change: made when it is missing,
 * else *fd stays as it was. */
int file_open_folder(int *fd, const char *path, bool change, struct signet_error *err);

/* an index (index.c): where a text stands (a row's number, an offset), by a hash of it. 8 bytes an
 * entry. Different texts may have one hash: what is found is compared. The hash has a seed of its
 * own, so that nobody can prepare texts of one hash. Several threads may look up at once. */
struct index {
    uint64_t *entries;
    size_t count;
    uint64_t seed;
};
int index_open(struct index *index, struct signet_error *err);
void index_free(struct index *index);
uint64_t index_hash(const struct index *index, const void *data, size_t len);
/* place: below 2^36, else SIGNET_E_LIMIT. */
int index_add(struct index *index, uint64_t hash, uint64_t place, struct signet_error *err);
/* The next place that was added with such a hash, rising ones in rising order; *probe begins at 0.
 */
bool index_next(const struct index *index, uint64_t hash, size_t *probe, uint64_t *place);

/* clocks (clock.c) */
int64_t clock_ms(void); /* monotonic milliseconds: for all deadlines */
/* A condition that knows them, and waiting for it, at most until then; INT64_MAX: without end. */
void clock_cond(pthread_cond_t *cond);
void clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until);
int64_t clock_boot(void);   /* seconds since the host started, also asleep; tests may wrap it */
int64_t clock_wall(void);   /* seconds since 1970: for what is written down; tests may wrap it */
double clock_seconds(void); /* monotonic, for measuring */
/* ISO 8601 UTC, "2026-11-23T10:00:00Z". */
void clock_format(int64_t wall, char out[static 24]);
/* clock_check.c: SIGNET_E_IO when the wall clock is before this build, or decades after it: dates
 * would be wrong. Tests may wrap it. */
int clock_check(struct signet_error *err);
/* The same of another clock; whose: "the database server's". */
int clock_check_at(int64_t now, const char *whose, struct signet_error *err);

/* cycle_time.c: durations, any number of them in a fixed space: a histogram
 * whose steps are 2 % apart, from a millisecond to a day. */
enum { CYCLE_STEPS = 930 };
struct cycle_time {
    uint64_t count;
    uint32_t steps[CYCLE_STEPS];
};
void cycle_time_add(struct cycle_time *t, double seconds);
/* The time, in seconds, that this fraction (0 .. 1) of all stayed within; 0 without any. */
double cycle_time_quantile(const struct cycle_time *t, double fraction);

/* libraries that most runs do not need (library.c) */
struct library_function {
    const char *name;
    size_t offset; /* of the pointer to it, in the caller's table */
};
struct library {
    const char *soname;
    const struct library_function *functions;
    size_t count;
    void *table;                   /* filled once, and constant afterwards */
    bool (*begin)(void);           /* what the library wants to be called first; or NULL */
    const char *missing, *install; /* message and hint where it cannot be loaded */
    enum { LIBRARY_UNKNOWN, LIBRARY_LOADED, LIBRARY_MISSING } state;
};
/* When it is first asked for; it stays for as long as the process. SIGNET_E_UNSUPPORTED: it is not
 * installed, or too old. */
int library_load(struct library *library, struct signet_error *err);

/* A place where a test may end the process, before or after an effect on the outside (failpoint.c).
 * Does nothing in the library. */
void failpoint(const char *name);

/* host (host_lookup.c): addresses of a host, for freeaddrinfo(); type: SOCK_STREAM ...
 * SIGNET_E_NET: there are none; SIGNET_E_TIMEOUT: the name server gave no answer by the deadline
 * (clock_ms()); SIGNET_E_CANCELLED. */
struct addrinfo;
int host_find(struct addrinfo **list, const char *host, const char *port, int type,
              int64_t deadline, const struct signet_cancel *cancel, struct signet_error *err);

/* cancel (cancel.c) */
int cancel_fd(const struct signet_cancel *cancel); /* readable once fired; -1 for NULL */
/* Sleeps until the monotonic deadline; SIGNET_E_CANCELLED when fired earlier. */
int cancel_sleep_until(const struct signet_cancel *cancel, int64_t deadline_ms,
                       struct signet_error *err);

#include "base/text_out.h"

#endif
