/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_BOARD_H
#define SIM_BOARD_H

/* Inside the simulated board. One thread runs it; everything here is under board->lock. */

#include "base/base.h"
#include "sim.h"
#include "smp/smp.h"

#include <netinet/in.h>
#include <pthread.h>
#include <signet/packet.h>

/* faults.c: one number each; 0 is off */
struct sim_faults {
    double drop_tx, drop_rx, dup; /* every Nth line */
    double flip, insert, delete;  /* per byte, either direction */
    double delay, late;           /* milliseconds */
    double stall;                 /* seconds */
    double log_noise, assert_dies, unplug_after, wrong_seq, oversize, garbage, never_ready;
    double result, hang_on_full_ring, split, heals, restart, takes_empty;
    double lose, repeat, lag;
    double slow_boot; /* milliseconds */
    double no_heap, forgets, keeps_key, wrong_key, wrong_attest, wrong_nonce, online, power_warning,
        echo;
    double wrong_type;
};
int faults_parse(struct sim_faults *faults, const char *text, struct signet_error *err);

/* wire.c: the pty, the pace of the line and what the line does to bytes */
struct segment {
    struct segment *next;
    int64_t at; /* CLOCK_MONOTONIC, ns: when its last byte is through */
    size_t len;
    uint8_t data[];
};
struct queue {
    struct segment *first, **last;
    size_t bytes;
};
struct wire {
    int master, slave; /* slave is held open, so that the pty outlives its users */
    char path[64];
    struct queue in, out;
    int64_t in_clock, out_clock, byte_ns;
    struct buf line;      /* what came in and is not a whole line yet */
    int64_t line_started; /* ns; 0 when line is empty */
    uint64_t lines_in, lines_out, bytes_in, bytes_out;
    uint64_t random;
    struct sim_faults faults;
};
int wire_open(struct wire *wire, unsigned baud, unsigned seed, struct signet_error *err);
void wire_unplug(struct wire *wire); /* the device node goes away */
void wire_close(struct wire *wire);
int wire_again(struct wire *wire);  /* another pty after wire_unplug(); not 0: there is none */
void wire_clear(struct wire *wire); /* forgets what is under way: the board was reset */
int64_t wire_now(void);             /* ns */
/* Queues bytes to the host, not before now + delay_ms. */
void wire_send(struct wire *wire, const void *data, size_t len, int64_t delay_ms);
void wire_receive(struct wire *wire); /* reads what the host wrote */
void wire_deliver(struct wire *wire); /* writes what is due to the host */
/* The next whole line that is due, or NULL; free() it. */
struct segment *wire_next_line(struct wire *wire);
/* When wire_deliver or wire_next_line have something to do; INT64_MAX: nothing waits. */
int64_t wire_due(const struct wire *wire);
bool wire_chance(struct wire *wire, double probability);

/* fs.c */
#define SIM_FILES_MAX     16
#define SIM_FILE_MAX      ((size_t)4 * 1024 * 1024)
#define SIM_RING_SIZE     512
#define SIM_STREAM_END_NS (15 * INT64_C(1000000000))
struct sim_file {
    char path[72];
    struct buf data, stored; /* stored: what others see, and what a restart leaves */
    bool open, replaced;     /* replaced: stored goes when it is closed */
};
struct sim_fs {
    struct sim_file files[SIM_FILES_MAX];
    size_t size;              /* bytes that all files may have; 0: any */
    struct sim_file *written; /* that is open for an upload */
    struct buf stream;        /* what went through the ring to the parser */
    size_t upload_off;        /* the offset that the SMP server expects next */
    size_t declared;          /* length of the upload */
    bool uploading, ended;
    int64_t last_chunk; /* ns */
    int result;         /* 1: not applied yet, 0, -1 */
    struct buf applied; /* the packet that the board holds */
};

/* board_image.c: slot 0 runs */
enum sim_boot { BOOT_SAME = 0, BOOT_TEST, BOOT_PERMANENT, BOOT_REVERT };
struct sim_images {
    struct buf slot[2];
    enum sim_boot next; /* what the bootloader does at the next boot */
    bool uploading;
    size_t off, size, sha_len;
    uint8_t sha[32];
};
void image_first(struct sim_images *images);
void image_free(struct sim_images *images);
void image_boot(struct sim_images *images);
int image_plain_rc(int rc); /* as version 1 tells it */

/* board_settings.c */
#define SIM_SETTINGS_MAX 32
struct sim_setting {
    char name[32];
    uint8_t value[256];
    size_t len;
};
struct sim_settings {
    struct sim_setting now[SIM_SETTINGS_MAX], saved[SIM_SETTINGS_MAX];
};
void settings_boot(struct sim_settings *settings);
int settings_plain_rc(int rc);

/* board_store.c: credentials under security tags, and keys that were made on the board */
#define SIM_STORE_MAX  16
#define SIM_BUFFER_MAX 1024
struct sim_credential {
    unsigned tag;
    char type[8]; /* "CLIENT", or "key"; "": none */
    struct buf data;
};
struct sim_store {
    struct sim_credential list[SIM_STORE_MAX];
    char buffer[SIM_BUFFER_MAX + 1];
    size_t buffered;
};

struct sim_board {
    pthread_mutex_t lock;
    pthread_t thread;
    bool running, stop;
    int wake_fd, control_fd;
    char *link, *control, *save;
    char endpoint[160];
    enum sim_generation generation;
    unsigned buf_size;
    bool no_parameters;
    unsigned line_buffers; /* 0: any */
    unsigned lines_held;   /* that wait for the rest of their packet */
    int64_t last_line;     /* ns: when the last one came */
    enum sim_firmware firmware;
    bool provisioned, halted, unplugged;
    int64_t mounted_at, busy_until; /* ns */
    struct wire wire;
    struct smp_frames frames;
    struct buf shell; /* what was typed at the prompt */
    struct sim_fs fs;
    struct sim_images images;
    struct sim_settings settings;
    struct sim_store store;
    bool online;           /* a modem in its network */
    bool lock_set, locked; /* the debug port; set counts from the next reset on */
    int udp_fd;            /* -1: not over UDP */
    uint16_t udp_port;
    struct sockaddr_in udp_peer;
    bool on_udp; /* the request at hand came so, and its answer goes so */
    uint64_t udp_in, udp_out;
    struct sim_board_state count;
    uint64_t answers;
    uint64_t chunks;                  /* of uploads, since the boot */
    bool restarted, restart_due;      /* as a misbehaviour, once */
    enum sim_firmware first_firmware; /* of a new board, and the first one's name */
    char first_name[160];
    unsigned boards;                         /* how many take their turns in this socket */
    int64_t away_until, last_heard, hold_ns; /* ns; away_until 0: the board is there */
    uint64_t heard_bytes;
    unsigned slot;
    char serial[160];                  /* of the board that is in */
    char held_name[160], held_key[65]; /* PSK identity, fingerprint of the packet that it holds */
    char *state;                       /* the folder that keeps boards */
    int journal_fd;
};

void board_boot(struct sim_board *board);
void board_reset(struct sim_board *board); /* by its pin */
void board_die(struct sim_board *board, const char *why);
void board_say(struct sim_board *board, const char *text, int delay_ms);
/* How late the answer comes that is counted last, by faults. */
int64_t answer_delay_ms(const struct sim_board *board);
void board_log(struct sim_board *board, const char *text);

/* A pair of an answer's map. */
void put_uint(struct buf *body, const char *key, uint64_t value);
void put_text(struct buf *body, const char *key, const void *text, size_t len);

bool item_is(const struct smp_item *item, const char *text);

struct sim_credential *store_find(struct sim_store *store, unsigned tag, const char *type);
/* False: there is no room. */
bool store_add(struct sim_store *store, unsigned tag, const char *type, const void *data,
               size_t len);
void store_drop(struct sim_credential *credential);
void store_clear(struct sim_store *store);
/* A new key of its own; false: it has one. */
bool store_make_key(struct sim_store *store, unsigned tag);
/* DER; freed by the caller. False: there is no key, or no such name. */
bool store_request(struct sim_store *store, unsigned tag, const char *name,
                   struct signet_bytes *csr);
/* Has it all that a device needs? */
bool store_is_whole(struct sim_store *store);
/* The fingerprint of its own key's public half, the name in its certificate; "": none. */
void store_facts(struct sim_store *store, char key[static 65], char name[static 160]);

/* board_console.c: the hardware's number, 16 hex digits */
void cred_hardware_id(const struct sim_board *board, char out[static 17]);
/* What changed is kept, and told in the journal. */
void store_changed(struct sim_board *board, const char *event);
/* As a misbehaviour, before a command: what was typed and buffered is gone. */
bool console_starts_again(struct sim_board *board);
/* board_cred.c: one line at the prompt; board_at.c: bytes of AT commands */
void cred_line(struct sim_board *board, const uint8_t *data, size_t len);
void at_line(struct sim_board *board, const uint8_t *data, size_t len);

/* board_files.c */
struct sim_file *files_find(struct sim_fs *fs, const struct smp_item *name);
struct sim_file *files_make(struct sim_fs *fs, const struct smp_item *name); /* or finds it */
void files_close(struct sim_file *file);
bool files_below(const struct sim_fs *fs, const struct smp_item *name); /* is it a directory? */
void files_lose(struct sim_file *file); /* what was not written back */
void files_truncate(struct sim_file *file);
bool files_append(struct sim_fs *fs, struct sim_file *file, const void *data, size_t len);

void fs_erase(struct sim_fs *fs);  /* a boot: what was not closed is gone */
void fs_format(struct sim_fs *fs); /* a chip erase: files too */
/* Each appends the pairs of the answer's map and returns the rc (-1: no answer at all). group is
 * set when rc is one of a group. */
struct fs_reply {
    struct buf *body; /* opened map: pairs only */
    int group;        /* of rc; -1: the plain form */
    bool has_len;     /* "len" stands behind the error */
    size_t len;
};
int fs_write(struct sim_board *board, const struct smp_answer *request, struct fs_reply *reply);
int fs_read(struct sim_board *board, const struct smp_answer *request, struct fs_reply *reply);
int fs_status(struct sim_board *board, const struct smp_answer *request, struct fs_reply *reply);
int fs_hash(struct sim_board *board, const struct smp_answer *request, struct fs_reply *reply);
int fs_close(struct sim_board *board);

/* board_upload.c */
struct upload_request {
    uint64_t off, len;
    const struct smp_item *name, *data;
};
#define FS_OFFSET 11
bool later_server(const struct sim_board *board); /* Zephyr 3.6 and later */
/* The code of group fs, or the plain one of an older server. */
int fs_error(const struct sim_board *board, int fs_rc, int plain_rc, struct fs_reply *reply);
int wrong_offset(const struct sim_board *board, size_t want, struct fs_reply *reply);
int upload_write(struct sim_board *board, const struct upload_request *r, struct fs_reply *reply);
void upload_close(struct sim_fs *fs);
int64_t upload_idle(const struct sim_board *board); /* when the open file closes by itself */
/* Applies the packet that came in: end of file was seen. */
void fs_apply(struct sim_board *board);

/* smp.c: takes one line from the wire, which came at a time */
void smp_line(struct sim_board *board, const uint8_t *data, size_t len, int64_t at);
void smp_packet(struct sim_board *board, const uint8_t *data, size_t len); /* without framing */

int image_command(struct sim_board *board, const struct smp_header *header,
                  const struct smp_answer *request, struct fs_reply *reply);
int settings_command(struct sim_board *board, const struct smp_header *header,
                     const struct smp_answer *request, struct fs_reply *reply);

/* board_udp.c */
#define UDP_MTU 1500
int udp_open(struct sim_board *board, uint16_t port, struct signet_error *err);
/* The next datagram that is not lost: its length, or 0. *times: how often it came. */
size_t udp_receive(struct sim_board *board, uint8_t data[static UDP_MTU], int *times);
void udp_send(struct sim_board *board, const struct buf *packet);

/* board_control.c: a control_obey */
void board_obey(void *board, const char *request, char *answer, size_t cap);

/* change.c */
/* Takes the board away, when there is one; it, or the next one, comes by itself. serial: of the one
 * to insert. NULL: done, else why not. */
enum change { CHANGE_NEXT, CHANGE_REPLUG, CHANGE_PULL, CHANGE_INSERT };
const char *change_begin(struct sim_board *board, enum change what, const char *serial);
void change_blank(struct sim_board *board); /* a board as it comes from the shelf */
void change_serve(struct sim_board *board);
int64_t change_due(struct sim_board *board); /* INT64_MAX: no change is coming */

/* board_keep.c: boards in the folder; each does nothing without one. What is read goes into an
 * empty fs. */
void keep_write(const struct sim_board *board, bool in_slot);
/* The board of this number, or of this slot (serial NULL). False: there is none. */
bool keep_read(struct sim_board *board, const char *serial);
bool keep_knows(const struct sim_board *board, const char *serial);
bool keep_in_slot(const struct sim_board *board, const char *serial); /* in any */
void keep_serial(struct sim_board *board);                            /* from its name */

/* journal.c */
int journal_open(struct sim_board *board, const char *path, struct signet_error *err);
void journal_note(const struct sim_board *board, const char *event);
void journal_program(const struct sim_board *board, enum sim_firmware firmware, bool chip_erase);
void journal_load(const struct sim_board *board, bool good);
void journal_held(struct sim_board *board); /* what the packet that it holds is about */
const char *firmware_name(enum sim_firmware firmware);

/* board.c, with the lock held */
void board_program(struct sim_board *board, enum sim_firmware firmware, bool chip_erase);

#endif
