/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.c - the door to all private keys. */
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/keeper_impl.h"
#include "crypto/key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_FILE = 40, KEY_FILE_MAX = 16 * 1024 };

/* ---- files ---- */

/* "file:ID" -> "ID.pem" in the folder. */
static void file_name(const char *sealed, char out[KEY_FILE])
{
    snprintf(out, KEY_FILE, "%.32s.pem", sealed + 5);
}
static int file_fail(const struct keeper *k, const char *what, const char *name, int error, struct outcome *o)
{
    if (error == -ENOMEM)
        return outcome_nomem(o);
    if (error == -ENOENT)
        return outcome_fail(o, FL_ESTALE, "the key file %s/%s is gone: restore it from a backup", k->path,
                            name);
    return outcome_fail(o, FL_ETEMP, "cannot %s the key file %s/%s: %s%s", what, k->path, name,
                        strerror(-error),
                        error == -ENOSPC || error == -EDQUOT ? "; make room on that file system"
                        : error == -EROFS                    ? "; mount that file system for writing"
                                                             : "");
}
static EVP_PKEY *read_file(const struct keeper *k, const char *name, struct outcome *o)
{
    char *pem;
    size_t len;
    EVP_PKEY *key;
    enum key_type type;
    int rc = file_read(k->dir, name, KEY_FILE_MAX, &pem, &len);

    if (rc != 0) {
        file_fail(k, "read", name, rc, o);
        return NULL;
    }
    key = key_from_pem(pem, len);
    mem_wipe(pem, len);
    free(pem);
    if (key && key_type_of(key, &type))
        return key;
    key_fail(o, "reading a key");
    outcome_fail(o, FL_EPROTO,
                 "%s/%s holds no private key of a kind that is used here: restore it from a backup", k->path,
                 name);
    EVP_PKEY_free(key);
    return NULL;
}
static EVP_PKEY *load(struct keeper *k, const char *sealed, struct outcome *o)
{
    char name[KEY_FILE];
    struct stat st;

    file_name(sealed, name);
    bool there = fstatat(k->dir, name, &st, 0) == 0;
    EVP_PKEY *key = there ? keeper_known_find(k, sealed, &st) : NULL;
    if (key)
        return key;
    key = read_file(k, name, o);
    if (key && there)
        keeper_known_add(k, sealed, &st, key);
    return key;
}
static int save(const struct keeper *k, const EVP_PKEY *key, char sealed_out[KEEPER_SEALED],
                struct outcome *o)
{
    cleanup_(buf_done) struct buf pem = { .max = KEY_FILE_MAX, .secret = true };
    uint8_t id[16];
    char sealed[KEEPER_SEALED] = "", name[KEY_FILE]; /* no byte of this stack goes through the door */
    auto_free char *hex = NULL;
    int rc;

    if (!key_to_pem(key, &pem) || !digest_random(id, sizeof id))
        return key_fail(o, "making a key");
    hex = encode_hex(id, sizeof id);
    if (!hex)
        return outcome_nomem(o);
    snprintf(sealed, sizeof sealed, "file:%s", hex);
    file_name(sealed, name);
    rc = file_create_durable(k->dir, name, 0600, pem.data, pem.len);
    if (rc != 0)
        return file_fail(k, "write", name, rc == -ENOENT ? -EIO : rc, o);
    memcpy(sealed_out, sealed, sizeof sealed);
    return FL_OK;
}

/* ---- operations: request and key in, the fields of the reply out ---- */

static int reply_text(struct keeper_reply *reply, const struct buf *text)
{
    if (text->len >= sizeof reply->text)
        return outcome_fail(&reply->outcome, FL_ECONF,
                            "the answer of the keeper is too long: fewer or shorter names");
    memcpy(reply->text, text->data, text->len);
    reply->text[text->len] = '\0';
    reply->text_len = (uint32_t)text->len;
    return FL_OK;
}
static int do_jwk(const struct keeper_request *req, EVP_PKEY *key, struct keeper_reply *reply)
{
    cleanup_(buf_done) struct buf jwk = BUF(sizeof reply->jwk - 1);

    (void)req;
    if (!jwk_write(key, &jwk) || !jwk_thumbprint(jwk.data, reply->thumbprint) ||
        !text_copy(reply->jwk, sizeof reply->jwk, jwk.data))
        return key_fail(&reply->outcome, "writing a public key");
    return FL_OK;
}
static int do_jws(const struct keeper_request *req, EVP_PKEY *key, struct keeper_reply *reply)
{
    cleanup_(buf_done) struct buf jwk = BUF(sizeof reply->jwk), text = BUF(2 * KEEPER_TEXT);
    struct jws_header h = { .url = req->url, .nonce = req->nonce, .kid = req->kid, .jwk = "" };

    if (!*req->kid) {
        if (!jwk_write(key, &jwk))
            return key_fail(&reply->outcome, "signing a request");
        h.jwk = jwk.data;
    }
    if (!jws_sign(key, &h, req->payload, req->payload_len, &text))
        return key_fail(&reply->outcome, "signing a request");
    return reply_text(reply, &text);
}
static int do_eab(const struct keeper_request *req, EVP_PKEY *key, struct keeper_reply *reply)
{
    cleanup_(buf_done) struct buf jwk = BUF(sizeof reply->jwk), text = BUF(KEEPER_TEXT),
                                  mac = BUF(KEEPER_TEXT);
    const struct jws_header h = { .url = req->url, .nonce = "", .kid = req->kid, .jwk = "" };
    uint8_t *raw = NULL;
    size_t len;
    bool ok;

    mac.secret = true;
    if (!buf_add(&mac, req->payload, req->payload_len) || !jwk_write(key, &jwk))
        return key_fail(&reply->outcome, "binding an external account");
    bool cut = strlen(mac.data) != mac.len;
    if (cut || !decode_base64(mac.data, &raw, &len))
        return !cut && errno == ENOMEM ? outcome_nomem(&reply->outcome)
                                       : outcome_fail(&reply->outcome, FL_ECONF,
                                                      "the MAC key of the external account is not base64url");
    ok = len > 0 && jws_mac((int)req->type, raw, len, &h, jwk.data, jwk.len, &text);
    mem_wipe(raw, len);
    free(raw);
    if (len == 0)
        return outcome_fail(&reply->outcome, FL_ECONF, "the MAC key of the external account is empty");
    return ok ? reply_text(reply, &text) : key_fail(&reply->outcome, "binding an external account");
}
static int do_csr(const struct keeper_request *req, EVP_PKEY *key, struct keeper_reply *reply)
{
    cleanup_(buf_done) struct buf der = BUF(KEEPER_TEXT);
    int rc = csr_write(key, req->names, req->names_len, &der, &reply->outcome);

    return rc == FL_OK ? reply_text(reply, &der) : rc;
}
static int do_export(const struct keeper_request *req, EVP_PKEY *key, struct keeper_reply *reply)
{
    cleanup_(buf_done) struct buf pem = { .max = KEY_FILE_MAX, .secret = true };

    (void)req;
    return key_to_pem(key, &pem) ? reply_text(reply, &pem) : key_fail(&reply->outcome, "exporting a key");
}
/* Want of memory makes a comparison say that they differ: that is believed of what both look like when they are written out. */
static bool same_key(const EVP_PKEY *a, const EVP_PKEY *b, bool *failed)
{
    unsigned char *x = NULL, *y = NULL;

    if (EVP_PKEY_eq(a, b) == 1)
        return true;
    int nx = i2d_PUBKEY(a, &x), ny = i2d_PUBKEY(b, &y);
    bool same = nx > 0 && nx == ny && memcmp(x, y, (size_t)nx) == 0;
    *failed = nx <= 0 || ny <= 0;
    OPENSSL_free(x);
    OPENSSL_free(y);
    return same;
}
static int do_fits(const struct keeper_request *req, EVP_PKEY *key, struct keeper_reply *reply)
{
    BIO *bio = BIO_new_mem_buf(req->payload, (int)req->payload_len);
    X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    const EVP_PKEY *its = leaf ? X509_get0_pubkey(leaf) : NULL;
    bool failed = !its, fits = its && same_key(its, key, &failed);

    X509_free(leaf);
    BIO_free(bio);
    if (fits)
        return FL_OK;
    int code = key_fail(&reply->outcome, "comparing a key");
    if (failed)
        return code == FL_ENOMEM
                   ? code
                   : outcome_fail(&reply->outcome, FL_EPROTO, "what should be the certificate is none");
    return outcome_fail(&reply->outcome, FL_EREJECT, "the certificate is for another key");
}
static int do_make(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply)
{
    cleanup_(key_freep) EVP_PKEY *key = key_make((enum key_type)req->type);
    int rc;

    if (!key)
        return key_fail(&reply->outcome, "making a key");
    rc = do_jwk(req, key, reply);
    return rc == FL_OK ? save(k, key, reply->sealed, &reply->outcome) : rc;
}
static int do_prove(const struct keeper_request *req, struct keeper_reply *reply)
{
    cleanup_(buf_done) struct buf pem = { .max = KEY_FILE_MAX, .secret = true };
    cleanup_(key_freep) EVP_PKEY *key = key_make(KEY_EC256);
    auto_free uint8_t *digest = NULL;
    size_t len = 0;
    int rc;

    if (!key)
        return key_fail(&reply->outcome, "making a proof");
    if (!decode_base64(req->payload, &digest, &len)) /* which it is: it has been looked at */
        return outcome_nomem(&reply->outcome);
    if (len != 32)
        return outcome_fail(&reply->outcome, FL_ECONF, "the digest of a key authorization has 32 bytes");
    rc = proof_write(key, req->names, digest, &pem, &reply->outcome);
    if (rc == FL_OK && !key_to_pem(key, &pem))
        rc = key_fail(&reply->outcome, "making a proof");
    return rc == FL_OK ? reply_text(reply, &pem) : rc;
}
static int do_forget(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply)
{
    char name[KEY_FILE];
    int rc;

    file_name(req->sealed, name);
    keeper_known_forget(k, req->sealed);
    rc = file_remove_durable(k->dir, name);
    return rc == 0 ? FL_OK : file_fail(k, "remove", name, rc, &reply->outcome);
}
/* What is done with a key that is there. */
static int (*const with_key[])(const struct keeper_request *, EVP_PKEY *, struct keeper_reply *) = {
    [KEEPER_JWK] = do_jwk, [KEEPER_JWS] = do_jws,       [KEEPER_EAB] = do_eab,
    [KEEPER_CSR] = do_csr, [KEEPER_EXPORT] = do_export, [KEEPER_FITS] = do_fits,
};
static int dispatch(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply)
{
    if (req->op == KEEPER_MAKE)
        return do_make(k, req, reply);
    if (req->op == KEEPER_PROVE)
        return do_prove(req, reply);
    if (req->op == KEEPER_FORGET)
        return do_forget(k, req, reply);
    EVP_PKEY *key = load(k, req->sealed, &reply->outcome);
    if (!key)
        return reply->outcome.code;
    int rc = with_key[req->op](req, key, reply);
    keeper_known_release(k, key);
    return rc;
}
int keeper_call(struct keeper *k, const struct keeper_request *req, struct keeper_reply *reply)
{
    memset(reply, 0, offsetof(struct keeper_reply, text) + 1);
    if (keeper_check(req, &reply->outcome) != FL_OK)
        return reply->outcome.code;
    if (k->dir < 0)
        keeper_forward(k, req, reply);
    else
        (void)dispatch(k, req, reply);
    return reply->outcome.code;
}

/* ---- the folder ---- */

/* A crash between writing and naming a key leaves a file that nobody knows of. */
static void remove_leftovers(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *all = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *e;

    if (!all) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((e = readdir(all)))
        if (text_starts(e->d_name, ".tmp-"))
            (void)unlinkat(dir, e->d_name, 0);
    closedir(all);
}
static int open_folder(const char *path, struct keeper *k, struct outcome *o)
{
    struct stat st;
    int rc = file_mkdirs(AT_FDCWD, path, 0700);

    if (rc != 0)
        return outcome_fail(o, FL_ECONF, "cannot make the folder for keys %s: %s", path, strerror(-rc));
    k->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (k->dir < 0 || fstat(k->dir, &st) != 0)
        return outcome_fail(o, FL_ECONF, "cannot open the folder for keys %s: %s", path, strerror(errno));
    if (st.st_mode & 077)
        return outcome_fail(o, FL_ECONF, "others may enter the folder for keys %s: chmod 700 it", path);
    if (st.st_uid != geteuid())
        return outcome_fail(o, FL_ECONF, "the folder for keys %s belongs to somebody else: chown it", path);
    remove_leftovers(k->dir);
    return FL_OK;
}
int keeper_new(const char *dir, struct keeper **out, struct outcome *o)
{
    struct keeper *k = calloc(1, sizeof *k);
    int rc;

    if (!k)
        return outcome_nomem(o);
    k->dir = k->fd = -1;
    pthread_mutex_init(&k->lock, NULL);
    k->path = strdup(dir);
    rc = k->path ? open_folder(dir, k, o) : outcome_nomem(o);
    if (rc != FL_OK) {
        keeper_free(k);
        return rc;
    }
    *out = k;
    return FL_OK;
}
void keeper_free(struct keeper *k)
{
    if (!k)
        return;
    keeper_known_forget(k, NULL);
    mem_closep(&k->dir);
    mem_closep(&k->fd);
    pthread_mutex_destroy(&k->lock);
    free(k->path);
    free(k);
}
