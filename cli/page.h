/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include "cli.h"

/* What the verbs with a page share: its options, and where it is. */
struct page_choice {
    const char *address, *metrics; /* NULL: no such page; "": at the usual address */
    const char *cert_file, *key_file, *logins_file;
};
#define PAGE_CERT_ROWS(choice)                                                                     \
    TEXT(0, "page-cert", "FILE", "Certificate of the page, PEM; it is reached by https then",      \
         &(choice)->cert_file),                                                                    \
        TEXT(0, "page-key", "FILE", "Its private key, PEM", &(choice)->key_file),                  \
        TEXT(0, "page-logins", "FILE", "Who may change something: `signet page password`",         \
             &(choice)->logins_file)

/* *out stays NULL where none was asked for. */
int page_begin(const struct page_choice *choice, struct signet_page **out,
               struct signet_error *err);
/* Where it is. */
void page_tell(const struct cli *cli, const struct signet_page *page);

#endif
