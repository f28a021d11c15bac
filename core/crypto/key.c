/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - private keys: made, written, read. */
#include "base/mem.h"
#include "crypto/key.h"

#include <openssl/bio.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

const char *const key_type_names[] = { "ec256", "ec384", "rsa2048", "rsa3072", "rsa4096", "ed25519", NULL };

/* One row a type; `group` for EC, `bits` for RSA. */
static const struct {
    const char *algorithm, *group;
    int bits, nid;
} kinds[KEY_TYPES] = {
    [KEY_EC256] = { "EC", "P-256", 256, NID_X9_62_id_ecPublicKey },
    [KEY_EC384] = { "EC", "P-384", 384, NID_X9_62_id_ecPublicKey },
    [KEY_RSA2048] = { "RSA", NULL, 2048, NID_rsaEncryption },
    [KEY_RSA3072] = { "RSA", NULL, 3072, NID_rsaEncryption },
    [KEY_RSA4096] = { "RSA", NULL, 4096, NID_rsaEncryption },
    [KEY_ED25519] = { "ED25519", NULL, 256, NID_ED25519 },
};

int key_fail(struct outcome *o, const char *what)
{
    unsigned long e = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(e);
    /* Where the library has nothing to complain about it was a buffer of ours. */
    bool starved = e == 0 || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;

    ERR_clear_error();
    if (starved)
        return outcome_nomem(o);
    return outcome_fail(o, FL_ETEMP, "%s failed in the crypto library: %s", what,
                        reason ? reason : "no reason given");
}
void key_freep(EVP_PKEY **key) { EVP_PKEY_free(*key); }
EVP_PKEY *key_make(enum key_type type)
{
    if (kinds[type].group)
        return EVP_EC_gen(kinds[type].group);
    if (type == KEY_ED25519)
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return EVP_RSA_gen((unsigned)kinds[type].bits);
}
bool key_type_of(const EVP_PKEY *key, enum key_type *out)
{
    for (int type = 0; type < KEY_TYPES; type++) {
        char group[32];
        size_t len = 0;
        if (!EVP_PKEY_is_a(key, kinds[type].algorithm) || EVP_PKEY_get_bits(key) != kinds[type].bits)
            continue;
        /* Other curves have 256 bits too. */
        if (kinds[type].group && (EVP_PKEY_get_group_name(key, group, sizeof group, &len) != 1 ||
                                  OBJ_sn2nid(group) != EC_curve_nist2nid(kinds[type].group)))
            continue;
        *out = (enum key_type)type;
        return true;
    }
    return false;
}
static void bio_freep(BIO **bio) { BIO_free(*bio); }
bool key_to_pem(const EVP_PKEY *key, struct buf *out)
{
    cleanup_(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;

    /* A memory BIO clears what it frees. */
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return false;
    len = BIO_get_mem_data(bio, &text);
    return len > 0 && buf_add(out, text, (size_t)len);
}
static int no_passphrase(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}
/* What key_to_pem() writes, read by the one decoder that fits: to have them all try costs four times as much. NULL: it is
 * something else. */
static EVP_PKEY *read_pkcs8(const unsigned char *der, size_t len)
{
    const unsigned char *at = der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)len);
    const ASN1_OBJECT *algorithm = NULL;
    OSSL_DECODER_CTX *decoder = NULL;
    EVP_PKEY *key = NULL;

    if (info && PKCS8_pkey_get0(&algorithm, NULL, NULL, NULL, info) == 1)
        for (int type = 0; type < KEY_TYPES && !decoder; type++)
            if (OBJ_obj2nid(algorithm) == kinds[type].nid)
                decoder = OSSL_DECODER_CTX_new_for_pkey(&key, "DER", "PrivateKeyInfo", kinds[type].algorithm,
                                                        EVP_PKEY_KEYPAIR, NULL, NULL);
    PKCS8_PRIV_KEY_INFO_free(info);
    at = der;
    if (decoder)
        (void)OSSL_DECODER_from_data(decoder, &at, &len);
    OSSL_DECODER_CTX_free(decoder);
    return key;
}
static EVP_PKEY *read_plain(const char *pem, size_t len)
{
    cleanup_(bio_freep) BIO *bio = BIO_new_mem_buf(pem, (int)len);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long der_len = 0;
    EVP_PKEY *key = NULL;

    if (bio && PEM_read_bio(bio, &name, &header, &der, &der_len) == 1 && der_len > 0 &&
        strcmp(name, PEM_STRING_PKCS8INF) == 0 && !*header)
        key = read_pkcs8(der, (size_t)der_len);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, (size_t)(der_len > 0 ? der_len : 0));
    return key;
}
EVP_PKEY *key_from_pem(const char *pem, size_t len)
{
    EVP_PKEY *key = len < 1 << 20 ? read_plain(pem, len) : NULL;

    if (key || len >= 1 << 20)
        return key;
    ERR_clear_error();
    cleanup_(bio_freep) BIO *bio = BIO_new_mem_buf(pem, (int)len);
    return bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
}
