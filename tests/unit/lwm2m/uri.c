/* SPDX-License-Identifier: Apache-2.0 */
/* URIs of servers: what they name, what is refused by which rule, and what is legal and hardly
 * meant. */
#include "lwm2m/lwm2m.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct good {
    const char *uri, *host, *path, *doubt;
    enum uri_transport transport;
    bool secured;
    uint16_t port;
} good[] = {
    {"coap://h", "h", "", NULL, URI_UDP, false, 5683},
    {"coaps://h", "h", "", NULL, URI_UDP, true, 5684},
    {"COAPS://Host.Example", "Host.Example", "", NULL, URI_UDP, true, 5684},
    {"CoAp://h:1", "h", "", NULL, URI_UDP, false, 1},
    {"coap+tcp://h", "h", "", NULL, URI_TCP, false, 5683},
    {"COAPS+TCP://h", "h", "", NULL, URI_TCP, true, 5684},
    {"coaps://h:65535/", "h", "/", NULL, URI_UDP, true, 65535},
    {"coaps://h:05684/a/b?c=d", "h", "/a/b?c=d", NULL, URI_UDP, true, 5684},
    {"coaps://h?c", "h", "?c", NULL, URI_UDP, true, 5684},
    {"coap://10.0.0.1:5683", "10.0.0.1", "", NULL, URI_UDP, false, 5683},
    {"coaps://my_host-1.example.", "my_host-1.example.", "", NULL, URI_UDP, true, 5684},
    {"coaps://xn--bcher-kva.example", "xn--bcher-kva.example", "", NULL, URI_UDP, true, 5684},
    {"coaps://[::1]", "::1", "", NULL, URI_UDP, true, 5684},
    {"coaps://[2001:db8::1]:7000/rd", "2001:db8::1", "/rd", "path of registration", URI_UDP, true,
     7000},
    {"coap://[::ffff:10.0.0.1]", "::ffff:10.0.0.1", "", NULL, URI_UDP, false, 5683},
    {"coap://[fe80::1%25eth0]:5683", "fe80::1%eth0", "", "has a zone", URI_UDP, false, 5683},
    /* legal, and hardly meant */
    {"coaps://h:005684", "h", "", "more than five digits", URI_UDP, true, 5684},
    {"coaps://h:5683", "h", "", "has port 5683", URI_UDP, true, 5683},
    {"coap://h:5684", "h", "", "has port 5684", URI_UDP, false, 5684},
    {"coap+tcp://h:5684", "h", "", "has port 5684", URI_TCP, false, 5684},
    {"coap://h:", "h", "", "no port behind it", URI_UDP, false, 5683},
    {"coap://h/#f", "h", "/", "fragment", URI_UDP, false, 5683},
    {"coap://h#f", "h", "", "fragment", URI_UDP, false, 5683},
    {"coap://a..b", "a..b", "", "no DNS name", URI_UDP, false, 5683},
    {"coap://.a", ".a", "", "no DNS name", URI_UDP, false, 5683},
    {"coap://$HOST:5683", "$HOST", "", "no DNS name", URI_UDP, false, 5683},
    {"coap://h!", "h!", "", "no DNS name", URI_UDP, false, 5683},
    {"coap://256.1.1.1", "256.1.1.1", "", "ends in a number", URI_UDP, false, 5683},
    {"coap://1.2.3", "1.2.3", "", "ends in a number", URI_UDP, false, 5683},
    {"coaps://h.5684", "h.5684", "", "ends in a number", URI_UDP, true, 5684},
    {"coaps://h/:5684", "h", "/:5684", "a port behind its path", URI_UDP, true, 5684},
    {"coaps://h?:5684", "h", "?:5684", "a port behind its path", URI_UDP, true, 5684},
    {"coaps://h/:a", "h", "/:a", NULL, URI_UDP, true, 5684},
    {"coaps://__HOST__", "__HOST__", "", "no DNS name", URI_UDP, true, 5684},
    {"coaps://Your-Server", "Your-Server", "", "to be filled in", URI_UDP, true, 5684},
    {"coaps://TODO", "TODO", "", "to be filled in", URI_UDP, true, 5684},
    {"coaps://placeholder.example", "placeholder.example", "", "to be filled in", URI_UDP, true,
     5684},
    {"coaps://replace-me.example", "replace-me.example", "", "to be filled in", URI_UDP, true,
     5684},
    {"coaps://your_server", "your_server", "", "to be filled in", URI_UDP, true, 5684},
    {"coaps://HOST:5684", "HOST", "", "to be filled in", URI_UDP, true, 5684},
    {"coaps://IP_ADDRESS", "IP_ADDRESS", "", "to be filled in", URI_UDP, true, 5684},
    {"coaps://xxx.xxx.xxx.xxx", "xxx.xxx.xxx.xxx", "", "to be filled in", URI_UDP, true, 5684},
    {"coaps://null:5684", "null", "", "to be filled in", URI_UDP, true, 5684},
    {"coaps://host", "host", "", NULL, URI_UDP, true, 5684},
    {"COAPS://HOST.EXAMPLE", "HOST.EXAMPLE", "", NULL, URI_UDP, true, 5684},
    {"coaps://change.example", "change.example", "", NULL, URI_UDP, true, 5684},
    {"coaps://x", "x", "", NULL, URI_UDP, true, 5684},
    {"coaps://x1", "x1", "", NULL, URI_UDP, true, 5684},
    {"coaps://h.Invalid.", "h.Invalid.", "", "below .invalid", URI_UDP, true, 5684},
    {"coaps://invalid", "invalid", "", "below .invalid", URI_UDP, true, 5684},
    {"coaps://h.notinvalid", "h.notinvalid", "", NULL, URI_UDP, true, 5684},
    {"coaps://10.0.0.1.", "10.0.0.1.", "", "ends in a number", URI_UDP, true, 5684},
    {"coaps://h1.", "h1.", "", NULL, URI_UDP, true, 5684},
    {"coaps://h/rd/", "h", "/rd/", "path of registration", URI_UDP, true, 5684},
    {"coaps://h/a/BS?ep=b", "h", "/a/BS?ep=b", "path of registration", URI_UDP, true, 5684},
    {"coaps://h/rdf", "h", "/rdf", NULL, URI_UDP, true, 5684},
    {"coaps://todos.example", "todos.example", "", NULL, URI_UDP, true, 5684},
    {"coaps://your.example", "your.example", "", NULL, URI_UDP, true, 5684},
    {"coap://0x7f.1", "0x7f.1", "", "ends in a number", URI_UDP, false, 5683},
    {"coap://h/a/../b", "h", "/a/../b", "a segment '.'", URI_UDP, false, 5683},
    {"coap://h/.", "h", "/.", "a segment '.'", URI_UDP, false, 5683},
    {"coap://h/.a/...?/../b", "h", "/.a/...?/../b", NULL, URI_UDP, false, 5683},
    {"coap://a%20b", "a%20b", "", "percent sign", URI_UDP, false, 5683},
    {"coap://-a.b", "-a.b", "", "no DNS name", URI_UDP, false, 5683},
    {"coap://a-.b", "a-.b", "", "no DNS name", URI_UDP, false, 5683},
    {"coap://a.b-", "a.b-", "", "no DNS name", URI_UDP, false, 5683},
    {"coap://0.0.0.0", "0.0.0.0", "", "no server can have", URI_UDP, false, 5683},
    {"coap://224.0.1.187", "224.0.1.187", "", "no server can have", URI_UDP, false, 5683},
    {"coap://255.255.255.255", "255.255.255.255", "", "no server can have", URI_UDP, false, 5683},
    {"coap://[::]", "::", "", "no server can have", URI_UDP, false, 5683},
    {"coap://[ff02::fd%25eth0]", "ff02::fd%eth0", "", "no server can have", URI_UDP, false, 5683},
    {"coap+nidd://a", "a", "", "Non-IP", URI_NIDD, false, 5683},
    {"coaps+nidd://a", "a", "", "Non-IP", URI_NIDD, true, 5684},
    {"tel:+48123456789", "", "", "by SMS", URI_SMS, false, 0},
    {"TEL:+48-(12)-345.67", "", "", "by SMS", URI_SMS, false, 0},
    {"tel:7042;phone-context=example.com", "", "", "by SMS", URI_SMS, false, 0},
};

static const struct {
    const char *uri, *why;
} bad[] = {
    {"", "is empty"},
    {"h", "has no scheme (RFC 3986, section 3.1)"},
    {"h:5684", "has no scheme"},
    {"htp://h:5684", "has the scheme 'htp'"},
    {"http://h", "has the scheme 'http'"},
    {"coapx://h", "has the scheme 'coapx'"},
    {"coaps+ws://h", "has the scheme 'coaps+ws'"},
    {"mqtt://h", "has the scheme 'mqtt'"},
    {"://h", "has the scheme ''"},
    {"coap:h", "'//' is missing (RFC 7252, section 6.1)"},
    {"coap:/h", "'//' is missing"},
    {"coaps:5684", "'//' is missing"},
    {"coap://", "has no host (RFC 7252, section 6.1)"},
    {"coap:///a", "has no host"},
    {"coap://:5683", "has no host"},
    {"coap://?a", "has no host"},
    {"coap://h/a[1]", "bracket in its path or query (RFC 3986, sections 3.3 and 3.4)"},
    {"coap://h?a]", "bracket in its path"},
    {"coap://u@h", "user information, which a CoAP URI cannot have (RFC 7252, section 6.1)"},
    {"coap://u:p@h:1", "user information"},
    {"coap://h:0", "has the port 0, and ports are 1 to 65535 (RFC 6335, section 6)"},
    {"coap://h:65536", "has the port 65536"},
    {"coap://h:99999", "has the port 99999"},
    {"coap://h:99999999999999999999999", "ports are 1 to 65535"},
    {"coap://h:-1", "has the port '-1', which is no number (RFC 3986, section 3.2.3)"},
    {"coap://h:+1", "has the port '+1'"},
    {"coap://h:port", "has the port 'port'"},
    {"coap://h:56 83", "at place 12 that no URI has"},
    {"coap://h:0x10", "which is no number"},
    {"coaps://fd00::1:5684", "several colons behind the scheme (RFC 3986, section 3.2.2)"},
    {"coaps://::1", "has no host"},
    {"coap://h:1:2", "several colons"},
    {"coap://[::1", "a bracket that is not closed (RFC 3986, section 3.2.2)"},
    {"coap://h[:1", "has a bracket where none can be"},
    {"coap://h]:1", "has a bracket where none can be"},
    {"coap://[h]", "no IPv6 address in its brackets (RFC 3986, section 3.2.2)"},
    {"coap://[]", "no IPv6 address in its brackets"},
    {"coap://[10.0.0.1]", "no IPv6 address in its brackets"},
    {"coap://[::1]5683", "text between its host and port (RFC 3986, section 3.2)"},
    {"coap://[::1]:x", "which is no number"},
    {"coap://[fe80::1%eth0]", "a lone % in it (RFC 3986, section 2.1)"},
    {"coap://[fe80::1%25]", "a zone that does not follow %25 (RFC 6874, section 2)"},
    {"coap://[fe80::1%41b]", "a zone that does not follow %25"},
    {"coaps://{host}:5684", "has the placeholder '{host}' in it (RFC 3986, section 2)"},
    {"coaps://<server>", "has the placeholder '<server>' in it (RFC 3986, section 2)"},
    {"coaps://${HOST}", "has the placeholder '{HOST}' in it (RFC 3986, section 2)"},
    {"coaps://h/%2", "a lone % in it"},
    {"coaps://h,coaps://g", "holds 2 URIs, and takes one (LwM2M Core 1.2, Appendix E.1)"},
    {"coaps://h coap://g", "holds 2 URIs"},
    {"coaps://h coap://g coap://f", "holds 3 URIs"},
    {" coap://h", "at place 1 that no URI has (RFC 3986, section 2)"},
    {"coap://h ", "at place 9 that no URI has"},
    {"coap://h\n", "at place 9 that no URI has"},
    {"coap://b\xc3\xbc"
     "cher",
     "at place 9 that no URI has"},
    {"tel:", "no telephone number behind tel: (RFC 3966, section 3)"},
    {"tel:+", "no telephone number"},
    {"tel:+48x", "no telephone number"},
    {"tel:7042", "no telephone number"},
    {"tel://+48123456789", "no telephone number"},
    {"coap://a\\b", "at place 9 that no URI has"},
    {"coap://\"h\"", "at place 8 that no URI has"},
};

static void what_a_uri_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct good *g = &good[i];
        struct signet_error err = {0};
        struct coap_uri uri;

        if (uri_parse(&uri, g->uri, strlen(g->uri), &err) != SIGNET_OK)
            fail_msg("%s: %s", g->uri, err.msg);
        bool fails = strcmp(uri.host, g->host) != 0 || strcmp(uri.path, g->path) != 0 ||
                     uri.transport != g->transport || uri.secured != g->secured ||
                     (g->port && uri.port != g->port) || !uri_doubt(&uri) != !g->doubt ||
                     (g->doubt && !strstr(uri_doubt(&uri), g->doubt));
        if (fails)
            fail_msg("%s: host '%s', path '%s', port %u, doubt '%s'", g->uri, uri.host, uri.path,
                     uri.port, uri_doubt(&uri) ? uri_doubt(&uri) : "");
    }
}

static void which_rule_a_uri_breaks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct signet_error err = {0};
        struct coap_uri uri;

        if (uri_parse(&uri, bad[i].uri, strlen(bad[i].uri), &err) != SIGNET_E_MEANING ||
            !strstr(err.msg, bad[i].why))
            fail_msg("'%s': '%s', wanted '%s'", bad[i].uri, err.msg, bad[i].why);
    }
}

/* Labels have 63 bytes at most, names 253, and a whole URI 255; zero bytes are no end. */
static void lengths(void **state)
{
    char text[400], label[65];
    struct coap_uri uri;

    (void)state;
    memset(label, 'a', 64);
    label[64] = '\0';
    for (size_t len = 1; len <= 300; len++) {
        memcpy(text, "coap://", 7);
        for (size_t i = 0; i < len; i++)
            text[7 + i] = i % 2 ? '.' : 'a';
        int rc = uri_parse(&uri, text, 7 + len, NULL);
        assert_int_equal(rc, 7 + len <= 255 ? SIGNET_OK : SIGNET_E_MEANING);
    }
    snprintf(text, sizeof(text), "coap://%s", label);
    assert_int_equal(uri_parse(&uri, text, strlen(text), NULL), SIGNET_OK);
    assert_non_null(strstr(uri_doubt(&uri), "no DNS name"));
    assert_int_equal(uri_parse(&uri, text, strlen(text) - 1, NULL), SIGNET_OK);
    assert_null(uri_doubt(&uri));
    assert_int_equal(uri_parse(&uri, "coap://h\0x", 10, NULL), SIGNET_E_MEANING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_uri_names),
        cmocka_unit_test(which_rule_a_uri_breaks),
        cmocka_unit_test(lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
