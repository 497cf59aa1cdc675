/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/cryptoki.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct cryptoki {
    struct cryptoki *next;
    void *library;
    CK_FUNCTION_LIST *functions;
    unsigned users;
    bool ours; /* else another part of the program began it, and ends it */
};

/* C_Initialize and C_Finalize are for the whole process, whoever calls them: so this is as well. */
static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cryptoki *modules;

/* Its code runs with our rights: nobody but root and we may be able to put another one there. */
static int check_module(const char *path, char real[PATH_MAX], struct signet_error *err)
{
    char part[PATH_MAX];
    struct stat st;

    if (!realpath(path, real)) {
        int rc = error_sys(err, errno == ENOENT ? SIGNET_E_NOT_FOUND : SIGNET_E_IO, errno,
                           "cannot find the PKCS#11 module '%s'", path);
        error_hint(err, "is the path right, and is the package of the token installed?");
        return rc;
    }
    for (strcpy(part, real);;) {
        char *slash = strrchr(part, '/');

        if (stat(part[0] ? part : "/", &st) != 0 || (st.st_uid != 0 && st.st_uid != geteuid()) ||
            file_not_for_root(&st) ||
            ((st.st_mode & S_IWOTH) && !(S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX)))
            return error_set_hint(err, SIGNET_E_IO,
                                  "it and its folders belong to root or to who runs Signet, and "
                                  "others cannot write there",
                                  "the PKCS#11 module '%s' could have been changed by others: '%s'",
                                  path, part[0] ? part : "/");
        if (!part[0])
            return SIGNET_OK;
        *slash = '\0';
    }
}

/* The functions of the module, begun. */
static int begin(struct cryptoki *m, struct signet_error *err)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    void *found = dlsym(m->library, "C_GetFunctionList");
    CK_C_GetFunctionList get = NULL;

    memcpy(&get, &found, sizeof(get));
    if (!get || get(&m->functions) != CKR_OK || !m->functions)
        return error_set(err, SIGNET_E_UNSUPPORTED, "it is no PKCS#11 module");
    CK_RV rv = m->functions->C_Initialize(&args);
    m->ours = rv == CKR_OK;
    if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return SIGNET_OK;
    return cryptoki_fail(rv, "the module does not begin", err);
}

static int find_module(struct cryptoki **out, void *library, struct signet_error *err)
{
    struct cryptoki *m = modules;

    while (m && m->library != library)
        m = m->next;
    if (!m) {
        m = calloc(1, sizeof(*m));
        if (!m)
            return error_nomem(err);
        m->library = library;
        int rc = begin(m, err);
        if (rc != SIGNET_OK) {
            free(m);
            return rc;
        }
        m->next = modules;
        modules = m;
    }
    m->users++;
    *out = m;
    return SIGNET_OK;
}

int cryptoki_open(struct cryptoki **out, const char *path, struct signet_error *err)
{
    char real[PATH_MAX] = "p11-kit-proxy.so";
    int rc = path ? check_module(path, real, err) : SIGNET_OK;

    if (rc != SIGNET_OK)
        return rc;
    pthread_mutex_lock(&modules_lock);
    void *library = dlopen(real, RTLD_NOW | RTLD_LOCAL); /* never closed: some end badly then */
    if (!library) {
        const char *why = dlerror();

        why = why ? why : "";
        rc = path ? error_set_hint(err, SIGNET_E_NOT_FOUND, "is it a library for this machine?",
                                   "cannot load the PKCS#11 module '%s': %s", path,
                                   text_shown(why, strlen(why), 150))
                  : error_set_hint(err, SIGNET_E_NOT_FOUND,
                                   "name the vendor's module behind it: ?module-path=FILE",
                                   "the URI of the key has no module-path, and p11-kit's module "
                                   "(%s) is not installed",
                                   real);
    } else {
        rc = find_module(out, library, err);
        rc = error_pass(rc, err, "'%s'", path ? path : real);
    }
    pthread_mutex_unlock(&modules_lock);
    return rc;
}

void cryptoki_close(struct cryptoki **module)
{
    struct cryptoki *m = *module, **at = &modules;

    *module = NULL;
    if (!m)
        return;
    pthread_mutex_lock(&modules_lock);
    if (--m->users == 0) {
        while (*at != m)
            at = &(*at)->next;
        *at = m->next;
        if (m->ours)
            m->functions->C_Finalize(NULL);
        free(m);
    }
    pthread_mutex_unlock(&modules_lock);
}

const CK_FUNCTION_LIST *cryptoki_functions(const struct cryptoki *module)
{
    return module->functions;
}

int cryptoki_fail(CK_RV rv, const char *what, struct signet_error *err)
{
    static const char pin_hint[] = "the first line of the file of the PIN is it; after a few wrong "
                                   "ones the token locks itself";
    static const struct {
        CK_RV rv;
        enum signet_code code;
        const char *words, *hint;
    } known[] = {
        {CKR_PIN_INCORRECT, SIGNET_E_AUTH, "the PIN is wrong", pin_hint},
        {CKR_PIN_INVALID, SIGNET_E_AUTH, "the PIN is wrong", pin_hint},
        {CKR_PIN_LEN_RANGE, SIGNET_E_AUTH, "the PIN has the wrong length", pin_hint},
        {CKR_PIN_LOCKED, SIGNET_E_AUTH, "the PIN is locked",
         "the token's security officer can unlock it"},
        {CKR_PIN_EXPIRED, SIGNET_E_AUTH, "the PIN expired", "set a new one"},
        {CKR_USER_PIN_NOT_INITIALIZED, SIGNET_E_AUTH, "the token has no PIN yet",
         "the token's security officer sets it"},
        {CKR_USER_NOT_LOGGED_IN, SIGNET_E_AUTH, "the token wants a PIN", ""},
        {CKR_TOKEN_NOT_PRESENT, SIGNET_E_NOT_FOUND, "the token is gone", "plug it in"},
        {CKR_DEVICE_REMOVED, SIGNET_E_NOT_FOUND, "the token is gone", "plug it in"},
        {CKR_TOKEN_NOT_RECOGNIZED, SIGNET_E_NOT_FOUND, "the token is of another kind", ""},
        {CKR_KEY_FUNCTION_NOT_PERMITTED, SIGNET_E_CERT, "the key may not sign",
         "its attribute CKA_SIGN is false"},
        {CKR_MECHANISM_INVALID, SIGNET_E_UNSUPPORTED, "the token cannot sign this way",
         "it needs CKM_ECDSA or CKM_RSA_PKCS"},
        {CKR_HOST_MEMORY, SIGNET_E_NOMEM, "out of memory", ""},
        {CKR_DEVICE_MEMORY, SIGNET_E_CRYPTO, "the token has no memory left", ""},
        {CKR_SESSION_COUNT, SIGNET_E_BUSY, "the token has no session left",
         "other programs use it"},
        {CKR_GENERAL_ERROR, SIGNET_E_CRYPTO, "the module failed", ""},
        {CKR_FUNCTION_FAILED, SIGNET_E_CRYPTO, "the module failed", ""},
        {CKR_DEVICE_ERROR, SIGNET_E_CRYPTO, "the token failed", ""},
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].rv == rv) {
            error_set(err, known[i].code, "%s: %s", what, known[i].words);
            if (known[i].hint[0])
                error_hint(err, "%s", known[i].hint);
            return (int)known[i].code;
        }
    return error_set(err, SIGNET_E_CRYPTO, "%s: error 0x%lx (PKCS#11)", what, (unsigned long)rv);
}
