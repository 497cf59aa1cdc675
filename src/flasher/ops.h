/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLASHER_OPS_H
#define FLASHER_OPS_H

#include "flasher.h"
#include "run.h"

#define FLASHER_ARGS 32

struct flasher_ops;
struct args;

struct signet_flasher {
    const struct flasher_ops *ops;
    char *tool; /* absolute path; NULL for none */
    char *serial, *port;
    struct signet_option options[SIGNET_OPTIONS_MAX]; /* copies */
    int timeout_ms;
    const struct signet_observer *observer;
    const struct signet_cancel *cancel;
    bool said_locked; /* the tool, when it failed last */
    int version; /* the first number of the tool's, where a kind asks for it; 0: not asked yet */
};

/* What it means when a tool that failed says this, upper or lower case. */
struct flasher_meaning {
    const char *says;
    enum signet_code code;
    const char *hint; /* NULL: none */
};

/* One command: its words for begin(), or a function of its own. Neither: the kind cannot. */
struct flasher_action {
    const char *const *words;
    int (*own)(struct signet_flasher *f, struct signet_error *err);
};
#define FLASHER_WORDS(...)                                                                         \
    {                                                                                              \
        .words = (const char *const[])                                                             \
        {                                                                                          \
            __VA_ARGS__, NULL                                                                      \
        }                                                                                          \
    }

/* One kind of programmer: one file, one row in kinds.c. NULL functions: it cannot. */
struct flasher_ops {
    const char *name, *summary;
    const char *const *tools; /* names of the executable, best first; NULL: none needed */
    const char *install;      /* the hint when it is missing */
    unsigned formats;         /* of images, enum signet_image_format or-ed */
    const struct signet_option_info *options; /* NULL: none of its own */
    const char *const *errors;                /* marks of its errors, see run_reason(); or NULL */
    const struct flasher_meaning *meanings;   /* beside those of all tools; or NULL */
    /* Does it work through the board's own serial port? NULL: no. */
    bool (*uses_port)(const struct signet_flasher *f);
    /* Are the options complete? Runs nothing. */
    int (*check)(struct signet_flasher *f, struct signet_error *err);
    /* path is absolute and checked */
    int (*program)(struct signet_flasher *f, const char *path, const struct signet_image *image,
                   enum signet_erase erase, struct signet_error *err);
    /* How a command begins, up to its own words: the tool, the command, the board. */
    void (*begin)(const struct signet_flasher *f, struct args *args, const char *command);
    /* Runs it, and judges its outcome; NULL: flasher_run(). */
    int (*run)(struct signet_flasher *f, const struct args *args, struct signet_error *err);
    /* recover: unlocks a part and erases all of it, as its option "recover" says. lock: locks the
     * debug port, from the next reset on; recover undoes it. read: a word of the flash, which a
     * locked part refuses. */
    struct flasher_action recover, reset, lock, read;
    bool (*has_reset)(const struct signet_flasher *f); /* NULL: when reset is there */
    int (*port)(struct signet_flasher *f, unsigned vcom, char port[128], struct signet_error *err);
    int (*list)(struct signet_flasher *f, struct signet_programmer *list, size_t cap, size_t *count,
                struct signet_error *err);
};

extern const struct flasher_ops nrfutil_ops, nrfjprog_ops, openocd_ops, probe_rs_ops, esptool_ops,
    pyocd_ops, jlink_ops, stm32_ops, west_ops, exec_ops, none_ops;

/* An argument vector; texts must live on, and NULL ends what is added. */
struct args {
    const char *v[FLASHER_ARGS + 1];
    size_t n;
    const char *input;  /* on the tool's standard input; NULL: nothing */
    const char *folder; /* it is run there; NULL: in ours */
    char probe[160];    /* room for the words that name the programmer */
};
void args_add(struct args *args, ...) __attribute__((sentinel));

/* The words of a text, split at blanks, with {image}, {serial} and {port} replaced (words.c). */
struct words {
    struct buf text; /* each with its terminating zero */
    size_t count;
};
/* Those of command number which: a word ; is between two. */
int words_expand(struct words *words, const char *text, unsigned which, const char *image,
                 const struct signet_flasher *f, struct signet_error *err);
/* SIGNET_E_LIMIT: too many. */
int words_add(const struct words *words, size_t from, struct args *args, struct signet_error *err);
void words_free(struct words *words);
/* What the words of an option ask for is there: the serial number when the flasher is opened, the
 * port, which may be found later, when it is used. */
int words_need_serial(const struct signet_flasher *f, const char *option, struct signet_error *err);
int words_need_port(const struct signet_flasher *f, const char *option, struct signet_error *err);
/* Does the text speak of the board's port, as {port} or by its path? */
bool words_use_port(const char *text, const struct signet_flasher *f);

/* Runs the tool; a status other than 0 is SIGNET_E_FLASH with what the tool says of it, or what
 * that means. */
int flasher_run(struct signet_flasher *f, const struct args *args,
                void (*on_line)(void *ctx, const char *line, size_t len), void *ctx,
                struct signet_error *err);
/* The error of a tool that ended so: words are shown, and decide on code and hint; that the part is
 * locked may stand anywhere in all that it said. */
int flasher_failed(struct signet_flasher *f, int status, const char *words, const char *all,
                   struct signet_error *err);
/* For tools that print "42%" or "42.5 %": sends progress. ctx is the flasher. */
void flasher_percent_line(void *ctx, const char *line, size_t len);
void flasher_progress(struct signet_flasher *f, unsigned percent);
/* The value of one of its options; NULL: not given */
static inline const char *flasher_option(const struct signet_flasher *f, const char *name)
{
    return adapter_option(f->options, name);
}
/* As the tools want it: without leading zeros. */
const char *flasher_serial(const struct signet_flasher *f);
/* The option "recover" of a kind that knows how by itself: yes or no. */
#define RECOVER_YES "recover", "yes: unlock a locked part first, which erases all of it"
int flasher_check_recover(struct signet_flasher *f, struct signet_error *err);
/* The option "address", where it stands in a command of the tool's own language: a number. */
int flasher_check_address(const struct signet_flasher *f, struct signet_error *err);
/* Of an option that is a command of the tool's own: letters, digits, '_' and blanks. */
int flasher_check_command(struct signet_flasher *f, const char *option, struct signet_error *err);
int flasher_need(const struct signet_flasher *f, const char *value, const char *option,
                 struct signet_error *err);

/* Intel HEX (Intel's "Hexadecimal Object File Format Specification", rev. A, 1988): records 00 to
 * 05. name is for messages. */
int hex_parse(struct signet_image *out, const char *name, const uint8_t *text, size_t len,
              struct signet_error *err);

/* One JSON line of nrfutil (nrfutil_json.c), and what the lines before it left. */
struct nrfutil_line {
    enum { NRFUTIL_OTHER, NRFUTIL_PROGRESS, NRFUTIL_FAILED, NRFUTIL_DEVICES } kind;
    unsigned percent;  /* 0..100 */
    char message[200]; /* of the last FAILED, escaped */
    size_t count;      /* of the last DEVICES */
    struct {
        struct signet_programmer about;
        struct {
            unsigned vcom;
            char path[128];
        } ports[8];
        size_t port_count;
    } devices[64];
};
void nrfutil_line_parse(struct nrfutil_line *out, const char *text, size_t len);

#endif
