/* SPDX-License-Identifier: Apache-2.0 */
/* test_model.c - what the configuration says, as structs; tests/conf has the words for what is wrong. */
#include "model/model.h"

#include "base/log.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- help ---- */

static struct diag *diag;
static struct model *model;
static char folder[] = "/tmp/test_model.XXXXXX";

static int enter(void **state)
{
    (void)state;
    umask(022);
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}
static int leave(void **state)
{
    (void)state;
    log_forget_secrets();
    return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}
static int begin(void **state)
{
    (void)state;
    model = NULL;
    diag = diag_new();
    return diag ? 0 : -1;
}
static int end(void **state)
{
    (void)state;
    model_free(model);
    diag_free(diag);
    return 0;
}
static int solves(void *arg, const struct model_instance *solver, const char *name)
{
    (void)arg;
    return !text_starts(name, "*.") || !strcmp(solver->plugin, "dns-01");
}
static struct model *loaded(const char *text)
{
    FILE *f = fopen("conf", "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    model = model_load("conf", diag);
    assert_non_null(model);
    assert_int_equal(remove("conf"), 0);
    model_check_refs(model, diag);
    model_check_solvers(model, diag, solves, NULL);
    return model;
}
static char *said(void)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    diag_print(diag, f);
    fclose(f);
    return text;
}
static void assert_said(const char *expected)
{
    char *text = said();
    assert_string_equal(text, expected);
    free(text);
}
static void assert_list(const char *const *list, const char *expected)
{
    char text[1024] = "";
    assert_non_null(list);
    for (; *list; list++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s%s", len ? " " : "", *list);
    }
    assert_string_equal(text, expected);
}
#define CA "authorities = { ca = { directory = \"https://ca.example/\"; }; };\n"

/* ---- the tests ---- */

static void the_form_of_the_design_loads_as_shown(void **state)
{
    const struct model *m = loaded(
        "state = \"/var/lib/fairlead\";\n"
        "listen = { status = \"127.0.0.1:9180\"; };\n"
        "include = [ \"certs.d/*.conf\" ];\n"
        "authorities = {\n"
        "  letsencrypt = { directory = \"https://acme-v02.api.letsencrypt.org/directory\"; accept_terms = true;\n"
        "                  contact = [\"mailto:ops@example.org\"];\n"
        "                  # staging, ca_file, account_key = \"ec256\", eab = { kid = ...; hmac = \"file:...\"; }\n"
        "                };\n"
        "};\n"
        "dns = {\n"
        "  gcp = { plugin = \"google\";     credentials = \"file:/etc/fairlead/gcp.json\"; create_zones = true; "
        "registrar = \"nc\"; };\n"
        "  nc  = { plugin = \"namecom\";    user = \"me\"; token = \"credential:namecom\"; };\n"
        "  r53 = { plugin = \"route53\";    zones = [\"example.org\"]; };\n"
        "  loc = { plugin = \"rfc2136\";    server = \"192.0.2.1\"; key = \"file:/etc/fairlead/tsig.key\"; };\n"
        "};\n"
        "solvers = {\n"
        "  txt = { plugin = \"dns-01\"; };\n"
        "  web = { plugin = \"http-01\";    listen = \"[::]:80\"; };\n"
        "};\n"
        "clusters = { prod = { kubeconfig = \"/etc/fairlead/kubeconfig\"; }; };     # absent options: in-cluster\n"
        "sinks = {\n"
        "  disk  = { plugin = \"file\";     directory = \"/var/lib/fairlead/live\"; reload = [\"systemctl\", "
        "\"reload\", \"nginx\"]; };\n"
        "  istio = { plugin = \"istio\";    cluster = \"prod\"; gateways = \"*\"; };\n"
        "};\n"
        "policy = ( { cluster = \"prod\"; namespaces = [\"shop\"]; names = [\"*.shop.example.org\"]; addresses = "
        "true; } );\n"
        "defaults = { authority = \"letsencrypt\"; solver = \"txt\"; };\n"
        "certificates = (\n"
        "  { names = [\"example.org\", \"*.example.org\"]; sinks = [\"disk\"]; },\n"
        "  { names = [\"192.0.2.7\"]; solver = \"web\"; profile = \"shortlived\"; sinks = [\"disk\"]; }\n"
        ");\n");
    const struct model_certificate *c = m->certificates;
    (void)state;
    assert_int_equal(diag_errors(diag), 0);
    assert_string_equal(m->listen.status, "127.0.0.1:9180");
    assert_int_equal(m->nauthorities, 1);
    assert_string_equal(m->authorities[0].staging, "https://acme-staging-v02.api.letsencrypt.org/directory");
    assert_true(m->authorities[0].accept_terms);
    assert_int_equal(m->ndns, 4);
    assert_true(model_find(m, FL_KIND_DNS, "gcp")->dns.create_zones);
    assert_string_equal(model_find(m, FL_KIND_DNS, "gcp")->dns.registrar, "nc");
    assert_list(model_find(m, FL_KIND_DNS, "r53")->dns.zones, "example.org");
    assert_string_equal(model_find(m, FL_KIND_DNS, "loc")->plugin, "rfc2136");
    assert_int_equal(m->nclusters, 1);
    assert_int_equal(m->ncertificates, 2);
    assert_string_equal(c[0].name, "example.org");
    assert_list(c[0].names, "example.org *.example.org");
    assert_list(c[0].authorities, "letsencrypt");
    assert_list(c[0].solvers, "txt");
    assert_list(c[0].sinks, "disk");
    assert_list(c[0].keys, "ec256");
    assert_int_equal(c[0].renew_num, 0);
    assert_int_equal(c[0].renew_den, 0);
    assert_list(c[1].solvers, "web");
    assert_string_equal(c[1].profile, "shortlived");
}
static void what_no_file_mentions_is_built_in(void **state)
{
    const struct model *m =
        loaded("state = \"/srv/a\\\"b\";\n"
               "certificates = ( { names = [ \"a.example\" ]; },\n"
               "                 { names = [ \"b.example\", \"*.b.example\", \"*.c.example\" ]; } );");
    const struct model_instance *self = model_find(m, FL_KIND_DNS, "self");
    const struct model_instance *disk = model_find(m, FL_KIND_SINK, "disk");
    (void)state;
    assert_said(
        "conf: warning: authority letsencrypt: its terms are not accepted: read them and write authorities = { "
        "letsencrypt = { accept_terms = true; }; };\n");
    assert_string_equal(model_authority(m, "letsencrypt")->directory,
                        "https://acme-v02.api.letsencrypt.org/directory");
    assert_string_equal(conf_get(disk->node, "directory")->text, "/srv/a\"b/live");
    assert_list(m->certificates[0].solvers, "web txt");
    assert_list(m->certificates[1].sinks, "disk");
    assert_string_equal(model_find(m, FL_KIND_SOLVER, "txt")->plugin, "dns-01");
    assert_non_null(self);
    assert_string_equal(conf_get(self->node, "serve")->first->text, "_acme-challenge.b.example");
    assert_string_equal(conf_get(self->node, "serve")->last->text, "_acme-challenge.c.example");
    assert_int_equal(m->workers, 8);
    assert_int_equal(m->log.level, LOG_LEVEL_INFO);
    assert_null(m->listen.status);
}
static void no_responder_is_built_in_where_none_is_needed(void **state)
{
    const struct model *m = loaded(CA "certificates = ( { names = [ \"a.example\", \"192.0.2.1\" ]; } );");
    (void)state;
    assert_said("");
    assert_int_equal(m->ndns, 0);
    end(NULL);
    begin(NULL);
    m = loaded(
        CA "solvers = { own = { plugin = \"dns-01\"; }; };\ncertificates = ( { names = \"a.example\"; } );");
    assert_said("");
    assert_string_equal(conf_get(m->dns[0].node, "serve")->first->text, "_acme-challenge.a.example");
    end(NULL);
    begin(NULL);
    m = loaded(CA "dns = { };\ncertificates = ( { names = \"a.example\"; solver = \"txt\"; } );");
    assert_int_equal(m->ndns, 0);
}
static void without_a_file_there_is_what_is_built_in(void **state)
{
    (void)state;
    model = model_load(NULL, diag);
    assert_non_null(model);
    assert_int_equal(diag_errors(diag), 0);
    assert_int_equal(model->ncertificates, 0);
    assert_int_equal(model->nsolvers, 2);
    assert_string_equal(model->state, "/var/lib/fairlead");
}
static void certificates_take_from_defaults_what_they_do_not_say(void **state)
{
    const struct model *m =
        loaded(CA "defaults = { solver = [ \"txt\", \"web\" ]; key = [ \"ec384\" ]; renew = \"1/2\"; "
                  "reuse_key = true; profile = \"p\"; addresses = \"192.0.2.1\"; };\n"
                  "certificates = ( { names = \"a.example\"; },\n"
                  "  { names = \"b.example\"; solver = \"web\"; key = \"rsa2048\"; renew = \"2/5\"; "
                  "reuse_key = false; addresses = [ \"2001:DB8::1\", \"192.0.2.9\" ]; } );");
    const struct model_certificate *a = &m->certificates[0], *b = &m->certificates[1];
    (void)state;
    assert_said("");
    assert_list(a->solvers, "txt web");
    assert_list(a->keys, "ec384");
    assert_int_equal(a->renew_den, 2);
    assert_true(a->reuse_key);
    assert_string_equal(a->profile, "p");
    assert_list(a->addresses, "192.0.2.1");
    assert_list(b->solvers, "web");
    assert_list(b->keys, "rsa2048");
    assert_int_equal(b->renew_num, 2);
    assert_int_equal(b->renew_den, 5);
    assert_false(b->reuse_key);
    assert_string_equal(b->profile, "p");
    assert_list(b->addresses, "2001:db8::1 192.0.2.9");
    assert_list(a->authorities, "ca");
}
static void names_are_canonical_and_make_file_names(void **state)
{
    const struct model *m =
        loaded(CA "certificates = ( { names = [ \"*.B\xc3\xbc"
                  "cher.Example\", \"2001:DB8:0::1\" ]; "
                  "solver = [ \"web\", \"txt\" ]; },\n"
                  "  { names = \"2001:DB8::2\"; }, { names = \"c.example\"; name = \"The:One*\"; } );");
    (void)state;
    assert_said("");
    assert_list(m->certificates[0].names, "*.xn--bcher-kva.example 2001:db8::1");
    assert_string_equal(m->certificates[0].name, "*.xn--bcher-kva.example");
    assert_string_equal(m->certificates[0].file_name, "_.xn--bcher-kva.example");
    assert_string_equal(m->certificates[1].file_name, "2001-db8--2");
    assert_string_equal(m->certificates[2].name, "The:One*");
    assert_string_equal(m->certificates[2].file_name, "The-One_");
}
static void references_from_everywhere_count_as_use(void **state)
{
    const struct model *m =
        loaded("authorities = { a = { directory = \"https://a.example/\"; };\n"
               "  b = { directory = \"https://b.example/\"; }; };\n"
               "dns = { one = { }; two = { registrar = \"one\"; }; };\n"
               "solvers = { w = { plugin = \"http-01\"; }; d = { plugin = \"dns-01\"; providers = "
               "\"two\"; }; };\n"
               "defaults = { authority = \"a\"; solver = \"d\"; };\n"
               "certificates = ( { names = \"x.example\"; } );");
    (void)state;
    assert_true(model_authority(m, "a")->used);
    assert_false(model_authority(m, "b")->used);
    assert_true(model_find(m, FL_KIND_DNS, "one")->used);
    assert_false(model_find(m, FL_KIND_SOLVER, "w")->used);
    assert_true(model_find(m, FL_KIND_SOLVER, "d")->used);
    /* `providers` is for the plugin's own table, which nobody read here. */
    assert_false(model_find(m, FL_KIND_DNS, "two")->used);
}
static void twelve_thousand_certificates_load_in_time(void **state)
{
    enum { MANY = 12000 };
    size_t size = MANY * 64 + 256, len = 0;
    char *text = malloc(size);
    const struct model *m;
    (void)state;
    assert_non_null(text);
    len += (size_t)snprintf(text, size, CA "certificates = (\n");
    for (int i = 0; i < MANY; i++)
        len += (size_t)snprintf(text + len, size - len,
                                "{ names = [ \"n%d.example\", \"*.n%d.example\" ]; }%s\n", i, i,
                                i + 1 < MANY ? "," : "");
    snprintf(text + len, size - len, ");\n");
    m = loaded(text);
    free(text);
    assert_said("");
    assert_int_equal(m->ncertificates, MANY);
    assert_int_equal(m->ndns, 1);
}
static void reserved_names_are_those_of_the_tables(void **state)
{
    (void)state;
    for (const struct model_section *s = model_sections; s->name; s++) {
        const char *const *reserved = !strcmp(s->name, "dns") ? model_dns_reserved
                                      : !strcmp(s->name, "solvers") || !strcmp(s->name, "sinks")
                                          ? model_other_reserved
                                          : NULL;
        size_t n = 0;
        for (const struct fl_option *o = s->table; reserved && o->name; o++, n++)
            assert_true(text_in(o->name, reserved));
        assert_true(!reserved || !reserved[n]);
        assert_true(*s->help && s->help[strlen(s->help) - 1] == '.');
        for (const struct fl_option *o = s->table; o->name; o++)
            assert_true(*o->help && o->help[strlen(o->help) - 1] != '.');
    }
}
static void the_sample_without_its_marks_loads(void **state)
{
    char *text = NULL, *to, *words;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    (void)state;
    assert_non_null(f);
    assert_int_equal(model_sample(f), 0);
    fclose(f);
    to = text;
    for (const char *p = text; *p; p++) {
        if (p == text || p[-1] == '\n')
            assert_true(*p == '#' || *p == '\n');
        if (*p != '#' || (p > text && p[-1] != '\n'))
            *to++ = *p;
    }
    *to = '\0';
    loaded(text);
    free(text);
    words = said();
    if (diag_errors(diag))
        fail_msg("%s", words);
    free(words);
    assert_string_equal(model->certificates[0].names[1], "*.example.org");
    assert_string_equal(model->authorities[0].eab.kid, "kid-1");
}
static void the_manual_names_every_section_and_option(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    (void)state;
    assert_non_null(f);
    assert_int_equal(model_man(f), 0);
    fclose(f);
    for (const struct model_section *s = model_sections; s->name; s++) {
        char line[128];
        snprintf(line, sizeof line, ".Ss %s\n", *s->name ? s->name : "Top level");
        assert_non_null(strstr(text, line));
        for (const struct fl_option *o = s->table; o->name; o++) {
            snprintf(line, sizeof line, ".It Cm %s ", o->name);
            assert_non_null(strstr(text, line));
        }
    }
    free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_form_of_the_design_loads_as_shown),
        TEST(what_no_file_mentions_is_built_in),
        TEST(no_responder_is_built_in_where_none_is_needed),
        TEST(without_a_file_there_is_what_is_built_in),
        TEST(certificates_take_from_defaults_what_they_do_not_say),
        TEST(names_are_canonical_and_make_file_names),
        TEST(references_from_everywhere_count_as_use),
        TEST(twelve_thousand_certificates_load_in_time),
        TEST(reserved_names_are_those_of_the_tables),
        TEST(the_sample_without_its_marks_loads),
        TEST(the_manual_names_every_section_and_option),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
