/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c - the pipeline as data. `fairlead pipeline` prints exactly this. */
#include "engine/steps.h"

#define ROWS(t) .steps = (t), .n = sizeof(t) / sizeof *(t)

static const struct step authority[] = {
    [AUTHORITY_DIRECTORY] = { "directory", authority_directory, AUTHORITY_ACCOUNT, AUTHORITY_DIRECTORY, 0, 0,
                              "", "", "reads the authority's directory", NULL },
    [AUTHORITY_ACCOUNT] = { "account", authority_account, AUTHORITY_IDLE, AUTHORITY_DIRECTORY, 8, 0,
                            "account key", "", "finds or makes the account", NULL },
    [AUTHORITY_CONTACT] = { "contact", authority_contact, AUTHORITY_ACCOUNT, AUTHORITY_DIRECTORY, 8, 0,
                            "account", "", "tells the authority the contact that was changed", NULL },
    [AUTHORITY_NEW_KEY] = { "rekey", authority_new_key, AUTHORITY_ROLLOVER, AUTHORITY_DIRECTORY, 0, 0,
                            "account", "", "makes the account's next key", NULL },
    [AUTHORITY_ROLLOVER] = { "rollover", authority_rollover, AUTHORITY_ACCOUNT, AUTHORITY_ROLLOVER, 0, 0,
                             "account, both keys", "", "gives the account its next key", NULL },
    [AUTHORITY_DEACTIVATE] = { "deactivate", authority_deactivate, AUTHORITY_IDLE, AUTHORITY_DEACTIVATE, 0, 0,
                               "account", "", "puts the account out of use, for ever", NULL },
    [AUTHORITY_IDLE] = { "idle", authority_idle, AUTHORITY_DIRECTORY, AUTHORITY_DIRECTORY, 0, 0, "account",
                         "", "ready; the directory is read again daily", NULL },
};
static const struct step zone[] = {
    [ZONE_FIND] = { "find", zone_task_find, ZONE_CREATE, ZONE_FIND, 0, 0, "", "",
                    "finds the zone at its provider", NULL },
    [ZONE_CREATE] = { "create", zone_task_create, ZONE_WRITE, ZONE_FIND, 0, 0, "", "",
                      "makes the zone where it is missing and may be made", NULL },
    [ZONE_WRITE] = { "write", zone_task_write, ZONE_SETTLE, ZONE_WRITE, 0, 0, "journal", "",
                     "writes one batch of changes", NULL },
    [ZONE_SETTLE] = { "settle", zone_task_settle, ZONE_LOOK, ZONE_WRITE, 0, 0, "records", "",
                      "waits for the provider's word that the change is out", NULL },
    [ZONE_LOOK] = { "look", zone_task_look, ZONE_DELEGATION, ZONE_WRITE, 0, 0, "records", "",
                    "asks every authoritative server", NULL },
    [ZONE_DELEGATION] = { "delegation", zone_task_delegation, ZONE_REGISTRAR, ZONE_DELEGATION, 0, 0,
                          "zone, records", "", "looks whether the zone above points to it, when that is due",
                          NULL },
    [ZONE_REGISTRAR] = { "registrar", zone_task_registrar, ZONE_IDLE, ZONE_DELEGATION, 0, 0, "zone, records",
                         "", "sets the name servers at the registrar where that may be", NULL },
    [ZONE_IDLE] = { "idle", zone_task_idle, ZONE_WRITE, ZONE_FIND, 0, 0, "records", "wishes",
                    "nothing to do until somebody wants a record", NULL },
};
static const struct step host[] = {
    [HOST_OWNER] = { "owner", host_owner, HOST_PUBLISH, HOST_OWNER, 0, 0, "", "",
                     "looks whose addresses stand there", NULL },
    [HOST_PUBLISH] = { "publish", host_publish, HOST_VISIBLE, HOST_OWNER, 0, 0, "address records", "",
                       "asks for the address records", NULL },
    [HOST_VISIBLE] = { "visible", host_visible, HOST_LEAVE, HOST_OWNER, 0, 0, "address records", "zone",
                       "waits until every authoritative server gives the address", NULL },
    [HOST_LEAVE] = { "leave", host_leave, HOST_IDLE, HOST_OWNER, 0, 0, "address records", "",
                     "removes the addresses that were not wanted for a while", NULL },
    [HOST_IDLE] = { "idle", host_idle, HOST_OWNER, HOST_OWNER, 0, 0, "address records", "",
                    "looked at again daily", NULL },
};
static const struct step certificate[] = {
    [CERT_PLAN] = { "plan", cert_plan, CERT_KEY, CERT_PLAN, 0, 0, "", "authority",
                    "decides whether an order is due", NULL },
    [CERT_KEY] = { "key", cert_key, CERT_ORDER, CERT_PLAN, 0, 0, "intent", "", "makes the key", NULL },
    [CERT_ORDER] = { "order", cert_order, CERT_AUTHORIZE, CERT_PLAN, 8, 0, "intent, key", "authority",
                     "places the order", NULL },
    [CERT_AUTHORIZE] = { "authorize", cert_authorize, CERT_DEPLOY, CERT_PLAN, 8, 0, "order", "",
                         "reads what is to be proved, picks the solvers", NULL },
    [CERT_DEPLOY] = { "deploy", cert_deploy, CERT_VISIBLE, CERT_PLAN, 8, 0, "order, challenges", "",
                      "puts the proofs in place", NULL },
    [CERT_VISIBLE] = { "visible", cert_visible, CERT_ANSWER, CERT_PLAN, 8, 3600, "order, challenges", "zone",
                       "waits until the proofs can be seen", NULL },
    [CERT_ANSWER] = { "answer", cert_answer, CERT_VALID, CERT_PLAN, 8, 0, "order, challenges", "",
                      "asks the authority to look", NULL },
    [CERT_VALID] = { "valid", cert_valid, CERT_FINALIZE, CERT_PLAN, 12, 3600, "order, challenges", "",
                     "waits for the authority's verdict", NULL },
    [CERT_FINALIZE] = { "finalize", cert_finalize, CERT_FETCH, CERT_PLAN, 12, 0, "order", "", "sends the CSR",
                        NULL },
    [CERT_FETCH] = { "fetch", cert_fetch, CERT_REST, CERT_PLAN, 12, 3600, "order", "",
                     "fetches and checks the chain", NULL },
    [CERT_REST] = { "rest", cert_rest, CERT_PLAN, CERT_PLAN, 0, 0, "certificate", "",
                    "rests until it is renewed", cert_still },
};
static const struct step delivery[] = {
    [DELIVERY_DEPLOY] = { "deploy", delivery_deploy, DELIVERY_VERIFY, DELIVERY_DEPLOY, 0, 0, "",
                          "certificate", "brings key and chain to the sink", NULL },
    [DELIVERY_VERIFY] = { "verify", delivery_verify, DELIVERY_IDLE, DELIVERY_DEPLOY, 4, 600, "delivered", "",
                          "sees that it is served", NULL },
    [DELIVERY_IDLE] = { "idle", delivery_idle, DELIVERY_DEPLOY, DELIVERY_DEPLOY, 0, 0, "delivered",
                        "certificate", "looked at again daily", delivery_still },
    [DELIVERY_RETIRE] = { "retire", delivery_retire, DELIVERY_RETIRE, DELIVERY_RETIRE, 0, 0, "delivered", "",
                          "takes it away where it is no longer wanted", NULL },
};
static const struct step cleanup[] = {
    [CLEANUP_WITHDRAW] = { "withdraw", cleanup_withdraw, CLEANUP_RELEASE, CLEANUP_WITHDRAW, 0, 0,
                           "challenges", "", "takes the proofs away", NULL },
    [CLEANUP_RELEASE] = { "release", cleanup_release, CLEANUP_RELEASE, CLEANUP_RELEASE, 0, 0,
                          "authorizations", "authority", "gives up what nobody will prove any more", NULL },
    [CLEANUP_TELL] = { "tell", cleanup_tell, CLEANUP_REPLACED, CLEANUP_TELL, 0, 0, "revocation", "",
                       "asks for the replacement of a certificate that is to be revoked", NULL },
    [CLEANUP_REPLACED] = { "replaced", cleanup_replaced, CLEANUP_REVOKE, CLEANUP_REPLACED, 0, 3600,
                           "revocation", "replacement", "waits until every sink has the replacement", NULL },
    [CLEANUP_REVOKE] = { "revoke", cleanup_revoke, CLEANUP_REVOKE, CLEANUP_REVOKE, 0, 0, "revocation",
                         "authority", "revokes the certificate", NULL },
};

const struct task_kind task_kinds[KINDS] = {
    [KIND_AUTHORITY] = { "authority", "one account at one authority", ROWS(authority) },
    [KIND_ZONE] = { "zone", "the one writer of a DNS zone", ROWS(zone) },
    [KIND_HOST] = { "host", "the address records of a certificate's names", ROWS(host) },
    [KIND_CERTIFICATE] = { "certificate", "one lineage of a certificate", ROWS(certificate) },
    [KIND_DELIVERY] = { "delivery", "one certificate at one sink", ROWS(delivery) },
    [KIND_CLEANUP] = { "cleanup", "proofs of an order that is over; a certificate to revoke", ROWS(cleanup) },
};
