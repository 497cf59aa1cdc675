/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TEMPLATE_ROOM_H
#define TESTS_TEMPLATE_ROOM_H

/* A room with a template, a manifest or a pattern, and the devices that come of them. */
#include "template/template.h"

#include <setjmp.h>
#include <signet/config.h>
#include <signet/packet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/folder.h"

static const char form[] = "{OID.Security: {1: {RID.Security.ServerURI: '%s',"
                           " RID.Security.Bootstrap: False, RID.Security.Mode: %d,%s"
                           " RID.Security.ShortServerID: 1}},"
                           " OID.Server: {1: {RID.Server.ShortServerID: 1,"
                           " RID.Server.Lifetime: %s, RID.Server.NotificationStoring: False,"
                           " RID.Server.Binding: 'U'}}%s}";

struct room {
    char folder[FOLDER_SIZE], manifest[96];
    const char *uri, *more, *lifetime, *objects; /* of the template */
    int mode;
    struct source_options options;
    struct source *source;
    struct signet_error err;
    char told[8192]; /* errors, one a line */
    int told_count, warnings, asked;
    struct signet_error warned; /* the last one */
};

static inline void on_event(void *ctx, const struct signet_event *event)
{
    struct room *r = ctx;
    size_t len = strlen(r->told);

    r->warnings += event->kind == SIGNET_EVENT_WARNING;
    if (event->kind == SIGNET_EVENT_WARNING)
        r->warned = *event->error;
    if (event->kind != SIGNET_EVENT_ERROR)
        return;
    r->told_count++;
    snprintf(r->told + len, sizeof(r->told) - len, "%s\n",
             event->error->msg + (strncmp(event->error->msg, r->folder, strlen(r->folder)) == 0
                                      ? strlen(r->folder) + 1
                                      : 0));
}

static inline void set_up(struct room *r)
{
    *r = (struct room){.uri = "coaps://localhost", .more = "", .lifetime = "60", .objects = ""};
    r->options = (struct source_options){
        .model_name = "template", .psk_len = 32, .identity = "{endpoint}", .delimiter = ','};
    assert_true(folder_make(r->folder));
    snprintf(r->manifest, sizeof(r->manifest), "%s/devices.csv", r->folder);
}

static inline int open_source(struct room *r)
{
    const struct signet_observer observer = {.on_event = on_event, .ctx = r};
    struct signet_tree *tree = NULL;
    char text[2048];
    int n = snprintf(text, sizeof(text), form, r->uri, r->mode, r->more, r->lifetime, r->objects);

    source_close(&r->source);
    r->told[0] = '\0';
    r->told_count = r->warnings = r->asked = 0;
    if (signet_config_parse(text, (size_t)n, "template", &tree, &r->err) != SIGNET_OK)
        fail_msg("%s", r->err.msg);
    r->options.model = tree;
    r->options.observer = &observer;
    int rc = source_open(&r->source, &r->options, &r->err);
    signet_tree_free(&tree);
    return rc;
}

static inline int open_manifest(struct room *r, const char *csv)
{
    FILE *to = fopen(r->manifest, "w");

    assert_non_null(to);
    fputs(csv, to);
    fclose(to);
    r->options.manifest = r->manifest;
    return open_source(r);
}

static inline void tear_down(struct room *r)
{
    char command[128];

    source_close(&r->source);
    snprintf(command, sizeof(command), "rm -r %s", r->folder);
    assert_int_equal(system(command), 0);
}

static inline void good(struct room *r, int rc)
{
    if (rc != SIGNET_OK)
        fail_msg("%s (%s)\n%s", r->err.msg, r->err.hint, r->told);
}

static inline void refused(struct room *r, int rc, enum signet_code code, const char *words)
{
    if (rc != (int)code || !strstr(r->err.msg, words))
        fail_msg("%d: %s: not %d: %s", rc, r->err.msg, code, words);
}

static inline const struct signet_value *value(const struct device *unit, uint16_t oid,
                                               uint16_t rid)
{
    const struct signet_record *record =
        signet_tree_find(unit->view.tree, (struct signet_path){oid, 1, rid, SIGNET_NO_ID});

    assert_non_null(record);
    return &record->value;
}

static inline void holds(const struct device *unit, uint16_t oid, uint16_t rid, const char *text)
{
    const struct signet_value *v = value(unit, oid, rid);

    assert_int_equal(v->as.bytes.len, strlen(text));
    assert_memory_equal(v->as.bytes.data, text, strlen(text));
}

#endif
