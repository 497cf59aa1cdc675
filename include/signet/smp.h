/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_SMP_H
#define SIGNET_SMP_H

/* The Simple Management Protocol (mcumgr) over a link: groups os, image, settings, fs and shell,
 * versions 1 and 2.
 * Each request waits until a deadline of its own, whatever the board sends meanwhile.
 *
 * Units: milliseconds, bytes. Ownership: link, observer and text_ctx must outlive the handle; the
 * caller frees the bytes that a call fills in. Errors: see "All requests" below. Specification:
 * Zephyr's "MCUmgr" chapters, SMP over console; the rules for lost answers are in docs/SPEC.md.
 *
 * Threads: one handle, with its link, is for one thread at a time. */

#include <signet/bytes.h>
#include <signet/event.h>
#include <signet/link.h>

#ifdef __cplusplus
extern "C" {
#endif

struct signet_smp;

/* Bounds of what a person gives: characters of a line, bytes of a packet. */
enum {
    SIGNET_SMP_LINE_LEAST = 16,
    SIGNET_SMP_LINE_MOST = 127,
    SIGNET_SMP_PACKET_LEAST = 64,
    SIGNET_SMP_PACKET_MOST = 16384
};
/* Raw bytes in a line of so many characters, marker and line end counted. */
#define SIGNET_SMP_LINE_RAW(length) (((length)-3) / 4 * 3)

struct signet_smp_options {
    size_t size;    /* sizeof(struct signet_smp_options): what a later version adds is then zero; 0:
                       this version */
    int version;    /* 1 or 2; 0: 2 where the board knows it (asked before the first upload), else
                       1. Answers are judged by content, not by version */
    int timeout_ms; /* for one attempt; 0: 2000 */
    int retries;    /* more attempts after a timeout; 0: 8; -1: none */
    size_t packet_limit; /* header and CBOR of one request; 0: buf_size of the board less 4 */
    size_t line_limit;   /* raw bytes in a line, 3..93, cut to a multiple of 3; 0: 93 */
    size_t chunk_limit;  /* bytes of the file in one chunk of an upload; 0: what fits a packet */
    /* Each line of text that the board sends between frames, VT100 removed, not escaped. The
     * prompt comes as a line too. May be NULL. */
    void (*on_text)(void *ctx, const char *line, size_t len);
    void *text_ctx;
    /* The file is a stream into the firmware, such as anjay-zephyr's /factory: its first chunk
     * must never come twice and the file is not closed in the middle, and a board that starts
     * again in the middle is an error. Else what was lost is written again from the beginning. */
    bool stream;
};

/* link must outlive the handle; options and observer may be NULL. Sends nothing. The observer gets
 * PROGRESS (stage "upload" or "download", bytes) and RETRY. */
int signet_smp_new(struct signet_smp **out, struct signet_link *link,
                   const struct signet_smp_options *options, const struct signet_observer *observer,
                   struct signet_error *err);
void signet_smp_free(struct signet_smp **smp); /* sets *smp to NULL */

/* All requests: SIGNET_E_TIMEOUT no answer; SIGNET_E_SMP the board answered with an error (sys is
 * its rc); SIGNET_E_NOT_FOUND no such file;
 * SIGNET_E_UNSUPPORTED the board does not know the command; SIGNET_E_SYNTAX a malformed answer;
 * SIGNET_E_LIMIT an answer larger than taken; SIGNET_E_LINK, SIGNET_E_CANCELLED. */

/* os group */
int signet_smp_echo(struct signet_smp *smp, const char *text, struct signet_bytes *reply,
                    struct signet_error *err);
/* Sent once: a lost answer is not an error here, the board may be gone already. */
int signet_smp_reset(struct signet_smp *smp, struct signet_error *err);
struct signet_smp_parameters {
    uint32_t buf_size, buf_count;
};
int signet_smp_parameters(struct signet_smp *smp, struct signet_smp_parameters *out,
                          struct signet_error *err);
/* format as `uname` takes it ("a" for all); NULL: the board's default */
int signet_smp_info(struct signet_smp *smp, const char *format, struct signet_bytes *out,
                    struct signet_error *err);

/* fs group; paths are at most 64 bytes */

/* Writes a file. A chunk whose answer is lost is never sent again blindly (docs/SPEC.md, "Lost
 * answers"). *confirmed (may be NULL) is false when all was sent but the board did not say that it
 * has the last bytes: then look at status, hash or the result. With NULL that is
 * SIGNET_E_TIMEOUT. */
int signet_smp_upload(struct signet_smp *smp, const char *path, const void *data, size_t len,
                      bool *confirmed, struct signet_error *err);
/* At most max bytes, else SIGNET_E_LIMIT. */
int signet_smp_download(struct signet_smp *smp, const char *path, size_t max,
                        struct signet_bytes *out, struct signet_error *err);
int signet_smp_status(struct signet_smp *smp, const char *path, uint64_t *len,
                      struct signet_error *err);
struct signet_smp_hash {
    char type[16];
    uint64_t len;       /* bytes of the file that were hashed */
    uint8_t output[64]; /* crc32: 4 bytes, big endian */
    size_t output_len;
};
/* type "crc32", "sha256" ...; NULL: the board's default */
int signet_smp_hash(struct signet_smp *smp, const char *path, const char *type,
                    struct signet_smp_hash *out, struct signet_error *err);
struct signet_smp_hash_type {
    char name[16];
    uint32_t format; /* 0 integer, 1 bytes */
    uint32_t size;   /* bytes */
};
/* The first cap types; *count is how many the board has, at most 16. */
int signet_smp_hash_types(struct signet_smp *smp, struct signet_smp_hash_type *types, size_t cap,
                          size_t *count, struct signet_error *err);
int signet_smp_file_close(struct signet_smp *smp, struct signet_error *err);

/* Compares what the board has with data, by SHA-256 (the 32 bytes in sha256, when given), by
 * CRC-32, else by length. SIGNET_OK: it agrees, *how is "sha256", "crc32" or "length";
 * SIGNET_E_BOARD: it differs; SIGNET_E_UNSUPPORTED: the board offers none. Never downloads. how may
 * be NULL. */
int signet_smp_compare(struct signet_smp *smp, const char *path, const void *data, size_t len,
                       const uint8_t *sha256, const char **how, struct signet_error *err);

/* image group: the slots of MCUboot */

/* A slot, or what an image says of itself. Texts come from the board. */
struct signet_smp_image {
    unsigned image, slot;
    char version[32];
    uint8_t hash[64]; /* of the image, as its TLV has it: it names the image for test and confirm */
    size_t hash_len;
    bool bootable, pending, confirmed, active, permanent;
};
/* Of a file (zephyr.signed.bin): version and hash. SIGNET_E_SYNTAX: it is no such image, or it is
 * damaged. */
int signet_smp_image_read(const void *data, size_t len, struct signet_smp_image *out,
                          struct signet_error *err);
/* The slots that have an image, at most cap. */
int signet_smp_image_list(struct signet_smp *smp, struct signet_smp_image *images, size_t cap,
                          size_t *count, struct signet_error *err);
struct signet_smp_image_options {
    size_t size;     /* sizeof(struct signet_smp_image_options) */
    unsigned image;  /* of a board with several; 0: the first */
    bool newer_only; /* the board refuses a version that is not newer than the one that runs */
};
/* Writes an image into the slot that does not run, and goes on where an upload of the same one was
 * given up. SIGNET_OK: the board lists it, with its hash. options may be NULL. */
int signet_smp_image_upload(struct signet_smp *smp, const void *data, size_t len,
                            const struct signet_smp_image_options *options,
                            struct signet_error *err);
/* What the bootloader does at the next restart: confirm false: tests the image with this hash once;
 * true: it stays. hash NULL with confirm: the image that runs stays. */
int signet_smp_image_choose(struct signet_smp *smp, const void *hash, size_t hash_len, bool confirm,
                            struct signet_error *err);
/* slot -1: the one that does not run. SIGNET_E_SMP: it is in use. */
int signet_smp_image_erase(struct signet_smp *smp, int slot, struct signet_error *err);

/* settings group (Zephyr 3.5 and later). A value may be a secret: it is wiped from the handle. */
int signet_smp_setting_read(struct signet_smp *smp, const char *name, struct signet_bytes *value,
                            struct signet_error *err);
int signet_smp_setting_write(struct signet_smp *smp, const char *name, const void *value,
                             size_t len, struct signet_error *err);
int signet_smp_setting_delete(struct signet_smp *smp, const char *name, struct signet_error *err);
enum signet_smp_settings {
    SIGNET_SMP_SETTINGS_SAVE,   /* what counts now is there after a restart */
    SIGNET_SMP_SETTINGS_LOAD,   /* what was saved counts again */
    SIGNET_SMP_SETTINGS_COMMIT, /* handlers take over what was written */
};
int signet_smp_settings(struct signet_smp *smp, enum signet_smp_settings what,
                        struct signet_error *err);

/* shell group: runs a command, argv of argc words. Sent once. *status is the command's own. */
int signet_smp_shell(struct signet_smp *smp, const char *const *argv, size_t argc,
                     struct signet_bytes *output, int *status, struct signet_error *err);

/* Reads the board's text until a line holds one of the texts: *which is its index. SMP frames on
 * the way are dropped, VT100 codes too. SIGNET_E_TIMEOUT after timeout_ms. on_text gets the lines.
 * What follows the found text stays for the next call. */
int signet_smp_wait_text(struct signet_smp *smp, const char *const *texts, size_t count,
                         int timeout_ms, size_t *which, struct signet_error *err);

#ifdef __cplusplus
}
#endif
#endif
