/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_JSON_PLACE_H
#define CONFIG_JSON_PLACE_H

#include "base/base.h"

/* json_place.c: where in a JSON file something stands. */

/* Why the text, which jansson refused, is no JSON: the place that has to be mended. */
int json_explain(const struct text_source *source, struct signet_error *err);
/* The offset of the name, or else of the value, of a member of the outermost object; 0: none. */
size_t json_member_at(const struct text_source *source, const char *name, bool value);

#endif
