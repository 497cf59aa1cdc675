/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of a certificate, as TLS stacks of devices read them (RFC 5280, section 4.2): none
 * twice, none critical that they do not know, and the content of those that they know. */
#include "pki/private.h"

#include <openssl/objects.h>
#include <stdio.h>

struct extension {
    struct der oid, value;
    bool critical;
};

/* {SEQUENCE {BOOLEAN, INTEGER}}, both optional */
static bool basic_constraints(struct der *d)
{
    struct der list, value;

    if (!der_next(d, DER_SEQUENCE, NULL, &list))
        return false;
    if (der_next(&list, 0x01, NULL, &value) && value.end - value.at != 1)
        return false;
    if (der_ended(&list))
        return true;
    return der_next(&list, DER_INTEGER, NULL, &value) && value.end - value.at >= 1 &&
           value.end - value.at <= 3 && !(*value.at & 0x80) && der_ended(&list);
}

static bool bit_string(struct der *d)
{
    struct der bits;

    return der_next(d, 0x03, NULL, &bits) && bits.end - bits.at >= 1 && *bits.at <= 7;
}

static bool key_usage(struct der *d)
{
    const uint8_t *start = d->at;

    return bit_string(d) && d->at - start > 3; /* of no bit at all 2.28 makes an error */
}

static bool cert_type(struct der *d)
{
    const uint8_t *start = d->at;

    return bit_string(d) && d->at - start == 4;
}

static bool purposes(struct der *d)
{
    struct der list;

    if (!der_next(d, DER_SEQUENCE, NULL, &list) || der_ended(&list))
        return false;
    while (!der_ended(&list))
        if (!der_next(&list, 0x06, NULL, NULL))
            return false;
    return true;
}

static bool directory_name(struct der *inside)
{
    struct der name;

    return der_next(inside, DER_SEQUENCE, NULL, &name) && der_ended(inside) &&
           !der_read_name(&name);
}

/* Only a hardware module's name (RFC 4108, section 5) is looked into by them. */
static bool other_name(struct der *inside)
{
    static const uint8_t module[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x04};
    struct der oid, box, list;

    if (!der_next(inside, 0x06, NULL, &oid))
        return false;
    if (!der_is(&oid, module, sizeof(module)))
        return true;
    return der_next(inside, 0xa0, NULL, &box) && der_ended(inside) &&
           der_next(&box, DER_SEQUENCE, NULL, &list) && der_ended(&box) &&
           der_next(&list, 0x06, NULL, NULL) && der_next(&list, 0x04, NULL, NULL) &&
           der_ended(&list);
}

/* A text, an address or an identifier is in one piece in DER (X.690, section 10.2): stacks read
 * different names in pieces. */
static bool is_in_pieces(uint8_t tag)
{
    return tag == 0xa1 || tag == 0xa2 || tag == 0xa6 || tag == 0xa7 || tag == 0xa8;
}

static bool alternative_names(struct der *d)
{
    struct der list, inside;
    uint8_t tag;

    if (!der_next(d, DER_SEQUENCE, NULL, &list) || !der_ended(d))
        return false;
    while (!der_ended(&list)) {
        if (!der_any(&list, &tag, &inside) || (tag & 0xc0) != 0x80 || is_in_pieces(tag))
            return false;
        size_t len = (size_t)(inside.end - inside.at);
        if ((tag == 0xa0 && !other_name(&inside)) || (tag == 0xa4 && !directory_name(&inside)) ||
            (tag == 0x87 && len != 4 && len != 16))
            return false;
    }
    return true;
}

static bool policies(struct der *d)
{
    struct der list, policy;

    if (!der_next(d, DER_SEQUENCE, NULL, &list) || der_ended(&list))
        return false;
    while (!der_ended(&list)) {
        if (!der_next(&list, DER_SEQUENCE, NULL, &policy) || !der_next(&policy, 0x06, NULL, NULL))
            return false;
        if (!der_ended(&policy) &&
            (!der_next(&policy, DER_SEQUENCE, NULL, NULL) || !der_ended(&policy)))
            return false;
    }
    return true;
}

/* Only "any policy" is one that they can enforce. value is well-formed: policies() */
static bool only_any_policy(const struct der *value)
{
    static const uint8_t any[] = {0x06, 0x04, 0x55, 0x1d, 0x20, 0x00};
    struct der d = *value, list, policy;

    for (der_next(&d, DER_SEQUENCE, NULL, &list); der_next(&list, DER_SEQUENCE, NULL, &policy);)
        if (policy.end - policy.at < (ptrdiff_t)sizeof(any) ||
            memcmp(policy.at, any, sizeof(any)) != 0)
            return false;
    return true;
}

/* id-ce of the ones that they know: 2.5.29.n, and Netscape's certificate type */
static const struct {
    uint8_t oid[10], len;
    const char *name;
    bool (*read)(struct der *d);
} known[] = {
    {{0x55, 0x1d, 19}, 3, "basicConstraints", basic_constraints},
    {{0x55, 0x1d, 15}, 3, "keyUsage", key_usage},
    {{0x55, 0x1d, 37}, 3, "extendedKeyUsage", purposes},
    {{0x55, 0x1d, 17}, 3, "subjectAltName", alternative_names},
    {{0x55, 0x1d, 32}, 3, "certificatePolicies", policies},
    {{0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 0x01, 0x01}, 9, "nsCertType", cert_type},
};
enum { KNOWN = COUNT_OF(known), EXTENSIONS_MAX = 64 };

static bool read_extension(struct der *list, struct extension *out)
{
    struct der box, critical;

    *out = (struct extension){0};
    if (!der_next(list, DER_SEQUENCE, NULL, &box) || !der_next(&box, 0x06, NULL, &out->oid))
        return false;
    if (der_next(&box, 0x01, NULL, &critical)) {
        if (critical.end - critical.at != 1)
            return false;
        out->critical = *critical.at != 0;
    }
    return der_next(&box, 0x04, NULL, &out->value) && der_ended(&box);
}

/* "nameConstraints", or its numbers. */
static const char *extension_name(const struct der *oid, char out[static 80])
{
    size_t len = (size_t)(oid->end - oid->at);
    uint8_t der[66] = {0x06, (uint8_t)len};
    const unsigned char *at = der;
    ASN1_OBJECT *object = NULL;

    snprintf(out, 80, "?");
    if (len > 0 && len <= 64) {
        memcpy(der + 2, oid->at, len);
        object = d2i_ASN1_OBJECT(NULL, &at, (long)len + 2);
    }
    if (object && OBJ_obj2nid(object) != NID_undef)
        snprintf(out, 80, "%s", OBJ_nid2sn(OBJ_obj2nid(object)));
    else if (object)
        OBJ_obj2txt(out, 80, object, 1);
    ASN1_OBJECT_free(object);
    return out;
}

static bool judge_extension(const struct extension *e, char wrong[static 160])
{
    struct der value = e->value;
    char name[80];

    for (size_t i = 0; i < KNOWN; i++) {
        if (!der_is(&e->oid, known[i].oid, known[i].len))
            continue;
        if (!known[i].read(&value) || !der_ended(&value)) {
            snprintf(wrong, 160, "the extension %s is malformed", known[i].name);
            return false;
        }
        if (!e->critical || known[i].read != policies || only_any_policy(&e->value))
            return true;
    }
    if (!e->critical)
        return true;
    snprintf(wrong, 160, "the extension %s is critical, and they do not know it",
             extension_name(&e->oid, name));
    return false;
}

bool extensions_read(struct der *list, char wrong[static 160])
{
    struct der seen[EXTENSIONS_MAX];
    struct extension e;
    size_t count = 0;
    char name[80];

    while (!der_ended(list)) {
        if (!read_extension(list, &e) || count == EXTENSIONS_MAX) {
            snprintf(wrong, 160, "its extensions are malformed");
            return false;
        }
        for (size_t i = 0; i < count; i++)
            if (der_is(&seen[i], e.oid.at, (size_t)(e.oid.end - e.oid.at))) {
                snprintf(wrong, 160, "it has the extension %s twice (RFC 5280, section 4.2)",
                         extension_name(&e.oid, name));
                return false;
            }
        seen[count++] = e.oid;
        if (!judge_extension(&e, wrong))
            return false;
    }
    return true;
}
