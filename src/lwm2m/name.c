/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoint names of known URN schemes (LwM2M Core 1.2, section 7.4.1; RFC 9039), and values that a
 * table of devices has where a name was meant. */
#include "lwm2m/lwm2m.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct scheme {
    const char *prefix, *what;
    bool (*valid)(const char *text);
};

static bool is_digits(const char *text, size_t least, size_t most)
{
    size_t len = strlen(text);

    return len >= least && len <= most && strspn(text, "0123456789") == len;
}

static bool is_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdefABCDEF") == len;
}

static bool is_imei(const char *text)
{
    return is_digits(text, 15, 15);
}

static bool is_imsi(const char *text)
{
    return is_digits(text, 6, 15);
}

static bool is_imei_msisdn(const char *text)
{
    return strlen(text) > 16 && text[15] == '-' && strspn(text, "0123456789") == 15 &&
           is_digits(text + 16, 1, 15);
}

static bool is_esn(const char *text)
{
    return is_hex(text, 8);
}

static bool is_meid(const char *text)
{
    return is_hex(text, 14);
}

static bool is_mac(const char *text)
{
    return is_hex(text, 16);
}

static bool is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(text) != sizeof(form) - 1)
        return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    return true;
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
    {"urn:imei:", "15 digits", is_imei},
    {"urn:imsi:", "6 to 15 digits", is_imsi},
    {"urn:imei-msisdn:", "15 digits, a hyphen and the MSISDN", is_imei_msisdn},
    {"urn:esn:", "8 hexadecimal digits", is_esn},
    {"urn:meid:", "14 hexadecimal digits", is_meid},
    {"urn:uuid:", "8-4-4-4-12 hexadecimal digits", is_uuid},
    {"urn:dev:mac:", "16 hexadecimal digits", is_mac},
    {"urn:dev:ops:", "OUI-PRODUCT-SERIAL", is_ops},
    {"urn:dev:os:", "OUI-SERIAL", is_one_word},
};

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

/* NULL, nan or 123.0: what spreadsheets and databases write. */
static bool looks_like_no_value(const char *name)
{
    static const char *const words[] = {"null", "none", "nan", "undefined", "N-A"};
    const char *colon = strrchr(name, ':'), *last = colon ? colon + 1 : name;
    size_t len = strlen(last);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(last, words[i]) == 0)
            return true;
    return !*last ||
           (len > 2 && strcmp(last + len - 2, ".0") == 0 && strspn(last, "0123456789") == len - 2);
}

int endpoint_check(const char *name, const char **doubt, struct signet_error *err)
{
    *doubt =
        looks_like_no_value(name) ? "ends in what a table has for no value or for a number" : NULL;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i].prefix);

        if (strncasecmp(name, schemes[i].prefix, len) != 0)
            continue;
        if (!schemes[i].valid(name + len))
            return error_set(
                err, SIGNET_E_MEANING, "'%s': behind %s stand %s (LwM2M Core 1.2, section 7.4.1)",
                text_shown(name, strlen(name), 60), schemes[i].prefix, schemes[i].what);
        if (schemes[i].valid == is_imei && !has_check_digit(name + len))
            *doubt = "has an IMEI whose check digit is wrong (3GPP TS 23.003, annex B)";
    }
    return SIGNET_OK;
}

int signet_endpoint_check(const char *name, const struct signet_observer *observer,
                          struct signet_error *err)
{
    struct signet_error note = {0};
    const char *doubt = NULL;
    int rc = endpoint_check(name, &doubt, err);

    if (rc != SIGNET_OK || !doubt)
        return rc;
    error_set(&note, SIGNET_OK, "%s %s", text_shown(name, strlen(name), 60), doubt);
    event_warn(observer, &note);
    return SIGNET_OK;
}
