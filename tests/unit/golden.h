/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

/* What comes out is what is kept in tests/data/golden/NAME, line by line. SIGNET_GOLDEN=write
 * writes that anew: read each difference before it is committed. Behind cmocka.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void golden_is(const char *name, char *text)
{
    static char kept[1 << 18];
    char path[200];
    const char *write = getenv("SIGNET_GOLDEN");

    snprintf(path, sizeof(path), "data/golden/%s", name);
    FILE *f = fopen(path, write ? "w" : "r");
    assert_non_null(f);
    if (write)
        fputs(text, f);
    else
        kept[fread(kept, 1, sizeof(kept) - 1, f)] = '\0';
    fclose(f);
    for (char *a = text, *b = kept, *now, *was; !write && (now = strsep(&a, "\n"));) {
        was = strsep(&b, "\n");
        if (!was || strcmp(now, was) != 0)
            fail_msg("%s\nwas %s\nnow %s", path, was ? was : "no more", now);
        if (!a && b)
            fail_msg("%s\nwas %s\nnow no more", path, b);
    }
}

#endif
