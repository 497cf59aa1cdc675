/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/session.h"

#include <errno.h>
#include <openssl/bio.h>
#include <sys/socket.h>

static int socket_write(BIO *bio, const char *data, int len)
{
    ssize_t n = send((int)(intptr_t)BIO_get_data(bio), data, (size_t)len, MSG_NOSIGNAL);

    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)n;
}

static int socket_read(BIO *bio, char *data, int len)
{
    ssize_t n = recv((int)(intptr_t)BIO_get_data(bio), data, (size_t)len, 0);

    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    return (int)n;
}

static long socket_control(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH;
}

static int socket_destroy(BIO *bio)
{
    BIO_METHOD *method = BIO_get_app_data(bio);

    /* The method lives as long as its only BIO; OpenSSL calls nothing of it after this. */
    BIO_meth_free(method);
    return 1;
}

BIO *socket_bio(int fd)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO *bio = NULL;

    if (!method || BIO_meth_set_write(method, socket_write) != 1 ||
        BIO_meth_set_read(method, socket_read) != 1 ||
        BIO_meth_set_ctrl(method, socket_control) != 1 ||
        BIO_meth_set_destroy(method, socket_destroy) != 1 || !(bio = BIO_new(method))) {
        BIO_meth_free(method);
        return NULL;
    }
    BIO_set_app_data(bio, method);
    BIO_set_data(bio, (void *)(intptr_t)fd); /* NOLINT(performance-no-int-to-ptr) */
    BIO_set_init(bio, 1);
    return bio;
}
