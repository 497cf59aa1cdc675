/* SPDX-License-Identifier: Apache-2.0 */
/* One board: its name is read, its packet is made, loaded and applied.
 *
 *     board CONFIGURATION PORT
 */
#include <signet/signet.h>
#include <stdio.h>

static void show(void *ctx, const struct signet_event *event)
{
    (void)ctx;
    if (event->kind == SIGNET_EVENT_STAGE_END)
        printf("%-8s %.1f s %s\n", event->stage, event->seconds, event->error ? "failed" : "ok");
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return fprintf(stderr, "usage: board CONFIGURATION PORT\n"), 2;

    const struct signet_observer observer = {.on_event = show};
    const struct signet_board_options board = {.port = argv[2]};
    const struct signet_provision_job job = {
        .device = {.endpoint_cfg = argv[1], .observer = &observer},
        .recipe = "anjay-zephyr",
        .board = &board,
    };
    struct signet_provision_result result;
    struct signet_error err = {0};

    if (signet_provision_run(&job, &result, &err) == SIGNET_OK) {
        printf("%s: its board applied the packet\n", result.endpoint);
        return 0;
    }
    fprintf(stderr, "board: %s\n%s\n", err.msg, err.hint);
    return 1;
}
