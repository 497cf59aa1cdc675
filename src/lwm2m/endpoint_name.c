/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoint names of known URN schemes (LwM2M Core 1.2, section 7.4.1; RFC 9039), and values that a
 * table of devices has where a name was meant. */
#include "lwm2m/lwm2m.h"

#include <ctype.h>

#define DIGITS "0123456789"
#define HEX    DIGITS "abcdefABCDEF"

struct scheme {
    const char *prefix, *what;
    bool (*valid)(const char *text); /* NULL: so many characters, all of this set */
    const char *set;
    size_t least, most;
};

/* An IMEI, a hyphen, and so many digits at most. */
static bool is_imei_and_digits(const char *text, size_t most)
{
    size_t len = strlen(text);

    return len > 16 && len <= 16 + most && text[15] == '-' && strspn(text, DIGITS) == 15 &&
           strspn(text + 16, DIGITS) == len - 16;
}

/* The number of the subscriber: MSISDN or IMSI. */
static bool is_imei_and_subscriber(const char *text)
{
    return is_imei_and_digits(text, 15);
}

/* The number of the card (ITU-T E.118, as ETSI TS 102 221 stores it). */
static bool is_imei_and_iccid(const char *text)
{
    return is_imei_and_digits(text, 20);
}

/* 3GPP TS 23.682, section 19.7.2 of TS 23.003 */
static bool is_external_id(const char *text)
{
    const char *at = strchr(text, '@');

    return at && at > text && at[1] && !strchr(at + 1, '@');
}

/* Digits behind which hyphens stand as in form. */
static bool has_digits(const char *text, const char *form, int (*is_digit)(int))
{
    size_t i = 0;

    while (form[i] && (form[i] == '-' ? text[i] == '-' : is_digit((unsigned char)text[i])))
        i++;
    return !form[i] && !text[i];
}

static bool is_uuid(const char *text)
{
    return has_digits(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", isxdigit);
}

/* RFC 8464, section 4 */
static bool is_meid_urn(const char *text)
{
    return has_digits(text, "xxxxxxxx-xxxxxx", isxdigit);
}

/* RFC 9039, section 4.3: a Private Enterprise Number, and what its owner made of it. */
static bool is_of_organization(const char *text)
{
    size_t number = strspn(text, DIGITS);

    return *text != '0' && number && text[number] == '-' && text[number + 1];
}

/* RFC 7254, section 3; parameters are for other equipment than ours. */
static bool is_gsma_imei(const char *text)
{
    return has_digits(text, "xxxxxxxx-xxxxxx-x", isdigit);
}

static bool is_one_word(const char *text)
{
    return *text && !strchr(text, ':');
}

/* OUI, product class and serial number; each may have more hyphens but the first. */
static bool is_ops(const char *text)
{
    size_t oui = strcspn(text, "-"), product;

    if (!oui || !text[oui] || strchr(text, ':'))
        return false;
    product = strcspn(text + oui + 1, "-");
    return product && text[oui + 1 + product] == '-' && text[oui + 2 + product];
}

static const struct scheme schemes[] = {
    {"urn:imei:", "15 digits", NULL, DIGITS, 15, 15},
    {"urn:imsi:", "6 to 15 digits", NULL, DIGITS, 6, 15},
    {"urn:imei-msisdn:", "15 digits, a hyphen and the MSISDN", is_imei_and_subscriber, NULL, 0, 0},
    {"urn:imei-imsi:", "15 digits, a hyphen and the IMSI", is_imei_and_subscriber, NULL, 0, 0},
    {"urn:imei-iccid:", "15 digits, a hyphen and the ICCID", is_imei_and_iccid, NULL, 0, 0},
    {"urn:extid:", "NAME@DOMAIN", is_external_id, NULL, 0, 0},
    {"urn:gsma:imei:", "8-6-1 digits (RFC 7254)", is_gsma_imei, NULL, 0, 0},
    {"urn:esn:", "8 hexadecimal digits", NULL, HEX, 8, 8},
    {"urn:3gpp2:meid:", "8-6 hexadecimal digits (RFC 8464)", is_meid_urn, NULL, 0, 0},
    {"urn:meid:", "14 hexadecimal digits", NULL, HEX, 14, 14},
    {"urn:uuid:", "8-4-4-4-12 hexadecimal digits", is_uuid, NULL, 0, 0},
    {"urn:dev:mac:", "16 hexadecimal digits", NULL, HEX, 16, 16},
    {"urn:dev:ow:", "16 hexadecimal digits", NULL, HEX, 16, 16},
    {"urn:dev:org:", "the organization's number, a hyphen and a name (RFC 9039)",
     is_of_organization, NULL, 0, 0},
    {"urn:dev:ops:", "OUI-PRODUCT-SERIAL", is_ops, NULL, 0, 0},
    {"urn:dev:os:", "OUI-SERIAL", is_one_word, NULL, 0, 0},
};

static bool fits_scheme(const struct scheme *s, const char *text)
{
    size_t len = strlen(text);

    return s->valid ? s->valid(text)
                    : len >= s->least && len <= s->most && strspn(text, s->set) == len;
}

/* The last digit of an IMEI (3GPP TS 23.003, annex B). */
static bool has_check_digit(const char *digits)
{
    unsigned sum = 0;

    for (size_t i = 0; i < 15; i++) {
        unsigned digit = (unsigned)(digits[i] - '0') * (i % 2 ? 2 : 1);

        sum += digit / 10 + digit % 10;
    }
    return sum % 10 == 0;
}

/* "urn:dev:0001": behind it stand a subtype, such as os, a colon and what the subtype wants. */
static bool lacks_subtype(const char *name)
{
    const char *subtype = name + strlen("urn:dev:");

    if (strncasecmp(name, "urn:dev:", strlen("urn:dev:")) != 0)
        return false;
    size_t len = strspn(subtype, DIGITS "abcdefghijklmnopqrstuvwxyz");
    return !islower((unsigned char)subtype[0]) || subtype[len] != ':';
}

/* Six capitals and digits in front of the first hyphen that are no OUI, or one in small letters:
 * names are compared letter by letter. */
static bool has_no_oui(const char *name)
{
    bool ops = strncasecmp(name, "urn:dev:ops:", 12) == 0;
    const char *oui = name + (ops ? 12 : 11);

    return (ops || strncasecmp(name, "urn:dev:os:", 11) == 0) && strcspn(oui, "-") == 6 && oui[6] &&
           (strspn(oui, HEX) == 6 ? strcspn(oui, "abcdef") < 6
                                  : strspn(oui, DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 6);
}

static bool is_not_filled_in(const char *name)
{
    return strpbrk(name, "{}<>$%");
}

static bool name_is_uri(const char *name)
{
    return strstr(name, "://");
}

static bool called_like_file(const char *name)
{
    static const char *const tails[] = {".csv", ".json", ".yaml", ".yml", ".xlsx",
                                        ".pem", ".db",   ".cfg",  ".txt"};
    bool is = false;

    for (size_t i = 0; i < COUNT_OF(tails); i++)
        is = is || text_has_tail(name, tails[i]);
    return is;
}

static bool has_quotes(const char *name)
{
    return strpbrk(name, "\"'`");
}

static bool has_other_letters(const char *name)
{
    while (*name && (unsigned char)*name < 0x80)
        name++;
    return *name;
}

/* RFC 8141, section 2: behind urn a namespace of 2 to 32 letters, digits and hyphens, and more. */
static bool is_no_urn(const char *name)
{
    const char *space = name + 4;
    size_t len = strcspn(space, ":");

    return strncasecmp(name, "urn", 3) == 0 && name[3] && strchr(":-_.", name[3]) &&
           (name[3] != ':' || !space[len] || len < 2 || len > 32 || space[0] == '-' ||
            space[len - 1] == '-' || strcspn(space, "_.") < len);
}

/* "imei:490154203237518" */
static bool lacks_urn(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (strncasecmp(name, schemes[i].prefix + 4, strlen(schemes[i].prefix + 4)) == 0)
            return true;
    return false;
}

/* 000000000000000, 11111111-1111-...: what stands for a value that is not known. */
static bool is_one_digit(const char *name)
{
    const char *digits = name + (strncasecmp(name, "urn:imei:", 9) == 0   ? 9
                                 : strncasecmp(name, "urn:uuid:", 9) == 0 ? 9
                                                                          : strlen(name));
    const char two[] = {*digits, '-', '\0'};

    return *digits && !digits[strspn(digits, two)];
}

/* RFC 9039, section 4: these are compared letter by letter. */
static bool has_capitals(const char *name)
{
    bool address = strncasecmp(name, "urn:dev:mac:", 12) == 0,
         wire = strncasecmp(name, "urn:dev:ow:", 11) == 0;

    return (address || wire) && strpbrk(name + 11, "ABCDEF");
}

static bool has_bare_hyphen(const char *name)
{
    return strncasecmp(name, "urn:dev:os:", 11) == 0 &&
           (name[11] == '-' || name[strlen(name) - 1] == '-');
}

static bool has_blank(const char *name)
{
    return strpbrk(name, " \t\r\n");
}

static bool is_empty_name(const char *name)
{
    return !*name;
}

static bool has_wrong_check_digit(const char *name)
{
    return strncasecmp(name, "urn:imei:", 9) == 0 && strspn(name + 9, DIGITS) == 15 &&
           !has_check_digit(name + 9);
}

static const struct {
    bool (*found)(const char *name);
    const char *doubt;
} doubts[] = {
    {is_empty_name, "is an empty name"},
    {has_blank, "has a blank in it"},
    {is_not_filled_in, "has a sign in it that a placeholder or an encoded text has"},
    {name_is_uri, "is a URI, and a name is wanted"},
    {called_like_file, "is called like a file"},
    {has_quotes, "has quotes in it"},
    {has_other_letters, "has a letter that is not ASCII, which can be written in several ways"},
    {lacks_subtype, "has no subtype behind urn:dev:, such as os: (RFC 9039)"},
    {is_no_urn, "is no URN: it has no namespace between two colons (RFC 8141, section 2)"},
    {lacks_urn, "lacks urn: in front (LwM2M Core 1.2, section 7.4.1)"},
    {has_no_oui, "begins with an OUI that is not six hexadecimal digits in capitals (LwM2M Core "
                 "1.1, section 7.3.1)"},
    {has_bare_hyphen, "has nothing on one side of its hyphen (RFC 9039, section 4.4)"},
    {has_capitals, "has capitals, and its digits are 0 to 9 and a to f (RFC 9039, section 4)"},
    {is_one_digit, "is one digit again and again"},
    {has_wrong_check_digit, "has an IMEI whose check digit is wrong (3GPP TS 23.003, annex B)"},
};

int endpoint_check(const char *name, const char **doubt, struct signet_error *err)
{
    const char *colon = strrchr(name, ':');

    *doubt = *name ? cell_doubt(colon ? colon + 1 : name) : NULL;
    for (size_t i = 0; !*doubt && i < COUNT_OF(doubts); i++)
        *doubt = doubts[i].found(name) ? doubts[i].doubt : NULL;
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        size_t len = strlen(schemes[i].prefix);

        if (strncasecmp(name, schemes[i].prefix, len) != 0)
            continue;
        if (!fits_scheme(&schemes[i], name + len))
            return error_set_hint(
                err, SIGNET_E_MEANING,
                i == 0 && strlen(name + len) < 15 && !(name + len)[strspn(name + len, DIGITS)]
                    ? "a spreadsheet takes a zero at the beginning away: give "
                      "the column the format text"
                    : "write it as its scheme has it, or choose a name without "
                      "urn:",
                "'%s': behind %s stand %s (LwM2M Core 1.2, section 7.4.1)",
                text_shown(name, strlen(name), 60), schemes[i].prefix, schemes[i].what);
    }
    return SIGNET_OK;
}

int signet_endpoint_check(const char *name, const struct signet_observer *observer,
                          struct signet_error *err)
{
    const char *doubt = NULL;
    int rc = endpoint_check(name, &doubt, err);

    if (rc != SIGNET_OK || !doubt)
        return rc;
    event_note(observer,
               *name ? "is it the name that the device gives its servers?"
                     : "write its name; is a variable of the shell unset?",
               "'%s' %s", text_shown(name, strlen(name), 60), doubt);
    return SIGNET_OK;
}
