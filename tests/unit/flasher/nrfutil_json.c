/* SPDX-License-Identifier: Apache-2.0 */
#include "flasher/ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct nrfutil_line line;

static void parse(const char *text)
{
    memset(&line, 0x5a, sizeof line);
    nrfutil_line_parse(&line, text, strlen(text));
}

static void progress(void **state)
{
    (void)state;
    parse("{\"type\":\"task_progress\",\"data\":{\"task\":{\"id\":\"b95\",\"description\":"
          "\"601003266\","
          "\"name\":\"program\",\"data\":null},\"progress\":{\"progressPercentage\":42,\"name\":"
          "\"program\",\"description\":\"Programming\",\"step\":3,\"amountOfSteps\":5,\"state\":"
          "\"progress\",\"duration\":0,\"error_code\":null,\"message\":null,\"result\":\"success\"}"
          "}}");
    assert_int_equal(line.kind, NRFUTIL_PROGRESS);
    assert_int_equal(line.percent, 42);
    parse("{\"type\":\"task_progress\",\"data\":{\"progress\":{\"totalProgressPercentage\":61.5,"
          "\"stepProgressPercentage\":7}}}");
    assert_int_equal(line.kind, NRFUTIL_PROGRESS);
    assert_int_equal(line.percent, 61);
    parse("{\"type\":\"task_progress\",\"data\":{\"progress\":{\"progressPercentage\":1e300}}}");
    assert_int_equal(line.kind, NRFUTIL_OTHER);
    parse("{\"type\":\"task_progress\",\"data\":{\"progress\":{\"progressPercentage\":-1}}}");
    assert_int_equal(line.kind, NRFUTIL_OTHER);
}

static void failure(void **state)
{
    (void)state;
    parse("{\"type\":\"task_end\",\"data\":{\"task\":{\"name\":\"program\"},\"message\":\"One or "
          "more "
          "program tasks failed\\u001b[2J\",\"result\":\"fail\",\"error\":{\"code\":\"X\"}}}");
    assert_int_equal(line.kind, NRFUTIL_FAILED);
    assert_string_equal(line.message, "One or more program tasks failed\\x1b[2J (X)");
    parse("{\"type\":\"task_end\",\"data\":{\"result\":\"fail\",\"error\":{\"description\":\"why\"}"
          "}}");
    assert_string_equal(line.message, "why");
    parse("{\"type\":\"task_end\",\"data\":{\"result\":\"fail\"}}");
    assert_int_equal(line.kind, NRFUTIL_FAILED);
    parse("{\"type\":\"task_end\",\"data\":{\"task\":{\"name\":\"program\"},\"result\":\"success\"}"
          "}");
    assert_int_equal(line.kind, NRFUTIL_OTHER);
}

static void devices(void **state)
{
    (void)state;
    parse(
        "{\"type\":\"task_end\",\"data\":{\"task\":{\"name\":\"list\"},\"result\":\"success\","
        "\"data\":{"
        "\"devices\":[{\"id\":1,\"serialNumber\":\"000683123456\",\"traits\":{\"jlink\":true},"
        "\"devkit\":{\"boardVersion\":\"PCA10090\"},\"serialPorts\":[{\"comName\":\"/dev/ttyACM0\","
        "\"vcom\":0},{\"path\":\"/dev/"
        "ttyACM1\",\"vcom\":1}]},{\"serialNumber\":\"-rf\"},{\"id\":3}]}}}");
    assert_int_equal(line.kind, NRFUTIL_DEVICES);
    assert_int_equal(line.count, 1); /* no serial number, or one that no tool may get: left out */
    assert_string_equal(line.devices[0].about.serial, "000683123456");
    assert_string_equal(line.devices[0].about.product, "PCA10090");
    assert_string_equal(line.devices[0].about.ports, "/dev/ttyACM0 /dev/ttyACM1");
    assert_int_equal(line.devices[0].port_count, 2);
    assert_int_equal(line.devices[0].ports[1].vcom, 1);
    assert_string_equal(line.devices[0].ports[1].path, "/dev/ttyACM1");
    parse("{\"type\":\"info\",\"data\":{\"devices\":[{\"serialNumber\":\"A1\"}]}}");
    assert_int_equal(line.count, 1);
    assert_string_equal(line.devices[0].about.ports, "");
}

static void anything_else_is_left_alone(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "v Erased 269307115",
        "{\"type\":1}",
        "{\"type\":\"task_end\"}",
        "{\"type\":\"task_end\",\"data\":[]}",
        "{\"type\":\"log\",\"data\":{\"message\":\"x\"}}",
        "{\"type\":\"task_progress\",\"data\":{\"progress\":[]}}",
        "{\"type\":\"info\",\"data\":{\"devices\":{}}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        parse(texts[i]);
        assert_int_equal(line.kind, NRFUTIL_OTHER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(progress),
        cmocka_unit_test(failure),
        cmocka_unit_test(devices),
        cmocka_unit_test(anything_else_is_left_alone),
    };
    return cmocka_run_group_tests_name("flasher/nrfutil_json", tests, NULL, NULL);
}
