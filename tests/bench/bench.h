/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

/* One program: every file here is a bench, listed in bench.c. A bench reports its figures with
 * the aim beside each; nothing fails because it is slow. */

#include <stdbool.h>

struct bench {
    const char *name;
    void (*run)(void);
};

/* A figure, its aim (0: none) and whether more is better. */
void bench_figure(const char *what, double figure, const char *unit, double aim, bool more);
/* The median of count samples; sorts them. */
double bench_median(double *samples, int count);
/* Ends the program when good is false: a bench that computes nonsense measures nothing. */
void bench_require(bool good, const char *what);

/* The least that OpenSSL needs for a P-256 key and its certificate: a new key and one signature
 * (cert.c). */
void bench_raw_pair(void);

/* Seconds that SQLite and the disk need for the rows of a ledger in a folder and for its two output
 * files, when nothing else is done (limit.c). */
double bench_limit(const char *folder, const char *ledger, const char *const outputs[2],
                   long devices);

/* Peak RSS in MiB of a program that runs in a folder and ends with 0; 0 where the machine does not
 * let us trace (process.c). */
double bench_peak(char *const argv[], const char *folder);

void bench_cert(void);
void bench_ledger(void);
void bench_line(void);
void bench_mint(void);
void bench_packet(void);
void bench_process(void);
void bench_server(void);
void bench_smp(void);
void bench_token(void);
void bench_units(void);

#endif
