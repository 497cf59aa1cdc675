/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over files and folders of files, so that every corpus is also a plain test:
 * corpus/NAME is refused as verdicts/NAME has it, word for word. SIGNET_VERDICTS=write writes that
 * anew: read each difference before it is committed. */
#include "fuzz.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN = 4 }; /* refusals of one input; of more, their hash */

static size_t runs;
static FILE *verdicts;
static const char *input; /* its name */
static uint64_t said[4096], seen_hash;
static size_t said_count;

/* FNV-1a */
static uint64_t hash_on(uint64_t hash, const void *data, size_t len)
{
    for (const uint8_t *at = data, *end = at + len; at < end; at++)
        hash = (hash ^ *at) * 0x100000001b3;
    return hash;
}

/* Where a target has its files differs from run to run. */
static void put_words(const char *text)
{
    static const char folder[] = "signet-fuzz-", file[] = "/proc/self/fd/";

    while (*text) {
        const char *end = text + strcspn(text, " '"), *at = strstr(text, folder);
        if (at && at < end)
            text = at + strlen(folder) + 6;
        else if (strncmp(text, file, strlen(file)) == 0)
            text += strlen(file) + 1;
        fwrite(text, 1, (size_t)(end - text), verdicts);
        text = end;
        if (*text)
            fputc(*text++, verdicts);
    }
}

static void hash_words(const char *words)
{
    FILE *shown = verdicts;
    char *text = NULL;
    size_t len = 0;

    verdicts = open_memstream(&text, &len);
    if (!verdicts)
        abort();
    put_words(words);
    fclose(verdicts);
    verdicts = shown;
    seen_hash = hash_on(seen_hash, text, len);
    free(text);
}

/* The same again is not new. */
static bool said_before(const struct signet_error *err)
{
    uint64_t hash = hash_on((uint64_t)err->code, err->msg, strlen(err->msg));

    hash = hash_on(hash, err->hint, strlen(err->hint));
    for (size_t i = 0; i < said_count; i++)
        if (said[i] == hash)
            return true;
    if (said_count < sizeof(said) / sizeof(said[0]))
        said[said_count++] = hash;
    return false;
}

void replay_seen(const void *data, size_t len)
{
    seen_hash = hash_on(seen_hash, data, len);
}

void replay_refused(const struct signet_error *err)
{
    if (said_before(err))
        return;
    if (said_count > SHOWN) {
        hash_words(err->msg);
        hash_words(err->hint);
        return;
    }
    fprintf(verdicts, "%s: %s: ", input, signet_code_name(err->code));
    put_words(err->msg);
    if (err->hint[0])
        fputs(" -- ", verdicts);
    put_words(err->hint);
    fputc('\n', verdicts);
}

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL, *exact;
    size_t len = 0, cap = 0;

    if (!file) {
        perror(path);
        exit(1);
    }
    for (;;) {
        size_t n;

        if (len == cap) {
            cap = cap ? cap * 2 : 4096;
            data = realloc(data, cap);
            if (!data)
                abort();
        }
        n = fread(data + len, 1, cap - len, file);
        if (!n)
            break;
        len += n;
    }
    fclose(file);
    exact = malloc(len ? len : 1); /* no slack, so that sanitizers see a read past the end */
    if (!exact)
        abort();
    memcpy(exact, data, len);
    free(data);
    said_count = seen_hash = 0;
    LLVMFuzzerTestOneInput(exact, len);
    if (seen_hash)
        fprintf(verdicts, "%s: %08x\n", input, (unsigned)seen_hash);
    free(exact);
    runs++;
}

static void run_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);

    if (count < 0) {
        perror(path);
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        char child[4096];

        input = entries[i]->d_name;
        snprintf(child, sizeof(child), "%s/%s", path, input);
        if (input[0] != '.')
            run_file(child);
        free(entries[i]);
    }
    free(entries);
}

/* The first line that differs is shown. */
static bool same_lines(const char *path, char *text)
{
    FILE *kept = fopen(path, "r");
    char *line = NULL, *now;
    size_t size = 0;
    ssize_t len = -1;
    bool same = true;

    while (same && ((now = strsep(&text, "\n")) && *now)) {
        len = kept ? getline(&line, &size, kept) : -1;
        same = len > 0 && strncmp(line, now, (size_t)len - 1) == 0 && !now[len - 1];
        if (!same)
            printf("%s\nhas  %snow  %s\n", path, len > 0 ? line : "no more\n", now);
    }
    if (same && kept && getline(&line, &size, kept) > 0) {
        printf("%s\nhas  %snow no more\n", path, line);
        same = false;
    }
    free(line);
    if (kept)
        fclose(kept);
    return same;
}

static bool run_corpus(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    char verdict[4096], *text = NULL;
    size_t len = 0;

    snprintf(verdict, sizeof(verdict), "%.*s../verdicts/%s", (int)(name - path), path, name);
    if (getenv("SIGNET_VERDICTS"))
        verdicts = fopen(verdict, "w");
    else
        verdicts = open_memstream(&text, &len);
    if (!verdicts)
        abort();
    run_folder(path);
    fclose(verdicts);
    bool good = !text || same_lines(verdict, text);
    free(text);
    return good;
}

int main(int argc, char **argv)
{
    bool good = true;

    for (int i = 1; i < argc; i++) {
        struct stat st;

        if (argv[i][0] == '-')
            continue;
        verdicts = stdout;
        input = argv[i];
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
            good = run_corpus(argv[i]) && good;
        else
            run_file(argv[i]);
    }
    printf("%zu inputs\n", runs);
    return runs && good ? 0 : 1; /* an empty corpus tests nothing */
}
