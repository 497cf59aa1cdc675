/* SPDX-License-Identifier: Apache-2.0 */
/* All that a flasher does, with the real tool and no board: tests/interop/flashers.py.
 * usage: signet_flasher_calls NAME TOOL SERIAL PORT IMAGE [OPTION=VALUE...] ("": none)
 * A line for each call: the call, its code and the message. */
#include <signet/error.h>
#include <signet/flasher.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *given(const char *text)
{
    return text[0] ? text : NULL;
}

static void tell(const char *call, int code, const struct signet_error *err)
{
    printf("%s\t%s\t%s\n", call, signet_code_name((enum signet_code)code), code ? err->msg : "");
}

static void make_calls(struct signet_flasher *f, const char *image)
{
    struct signet_programmer *list = NULL;
    struct signet_error err = {0};
    size_t count = 0;

    tell("chip", signet_flasher_program(f, image, NULL, SIGNET_ERASE_CHIP, &err), &err);
    tell("sectors", signet_flasher_program(f, image, NULL, SIGNET_ERASE_SECTORS, &err), &err);
    tell("reset", signet_flasher_reset(f, &err), &err);
    tell("list", signet_flasher_list(f, &list, &count, &err), &err);
    free(list);
}

int main(int argc, char **argv)
{
    struct signet_flasher_options options = {.timeout_ms = 60000};
    struct signet_flasher *f = NULL;
    struct signet_error err = {0};
    int n = 0;

    if (argc < 6)
        return 2;
    options.tool = argv[2];
    options.serial = given(argv[3]);
    options.port = given(argv[4]);
    for (int i = 6; i < argc && n < SIGNET_OPTIONS_MAX; i++) {
        char *equals = strchr(argv[i], '=');

        if (!equals)
            return 2;
        *equals = '\0';
        options.options[n++] = (struct signet_option){argv[i], equals + 1};
    }
    int code = signet_flasher_open(&f, argv[1], &options, NULL, NULL, &err);
    if (code) {
        tell("open", code, &err);
        return 1;
    }
    make_calls(f, argv[5]);
    signet_flasher_close(&f);
    return 0;
}
