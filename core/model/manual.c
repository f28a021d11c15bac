/* SPDX-License-Identifier: Apache-2.0 */
/* manual.c - the sample file and the manual's list of options, from the tables. */
#include "model/parts.h"

#include <string.h>

/* What the tables cannot know: values that make sense together. */
static const char *const examples[] = {
    "include",
    "[ \"certs.d/*.conf\" ]",
    "roots",
    "[ \"198.41.0.4\" ]",
    "directory",
    "\"https://acme-v02.api.letsencrypt.org/directory\"",
    "staging",
    "\"https://acme-staging-v02.api.letsencrypt.org/directory\"",
    "contact",
    "[ \"mailto:ops@example.org\" ]",
    "kid",
    "\"kid-1\"",
    "hmac",
    "\"zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\"",
    "owner_id",
    "\"fairlead\"",
    "names",
    "[ \"example.org\", \"*.example.org\" ]",
    "name",
    "\"example.org\"",
    "addresses",
    "[ \"192.0.2.1\", \"2001:db8::1\" ]",
    "profile",
    "\"tlsserver\"",
    "preferred_chain",
    "\"ISRG Root X1\"",
    "namespaces",
    "[ \"shop\" ]",
    "namespace",
    "\"shop\"",
    "service",
    "\"web\"",
    "host",
    "\"www.shop.example.org\"",
    "command",
    "[ \"/usr/local/bin/tell\" ]",
    NULL,
};
static const char *const policy_examples[] = { "namespaces", "[ \"shop\" ]", "names",
                                               "[ \"*.shop.example.org\" ]", NULL };
/* An entry of the samples is called after its plugin, or not. */
static const char *plugin_of(const char *section)
{
    static const char *const plugins[] = { "dns",   "dns/self",  "solvers", "solver/dns-01",
                                           "sinks", "sink/file", NULL };
    for (const char *const *p = plugins; *p; p += 2)
        if (!strcmp(p[0], section))
            return p[1];
    return NULL;
}

/* One a line, as mdoc wants it. */
static void sentences(FILE *f, const char *before, const char *text)
{
    while (*text) {
        const char *stop = strstr(text, ". ");
        size_t len = stop ? (size_t)(stop - text) + 1 : strlen(text);
        fprintf(f, "%s%.*s\n", before, (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
}

/* ---- the sample ---- */

static void sample_head(FILE *f)
{
    fputs(
        "## fairlead.conf: everything that fairlead knows, with its defaults or an example. See fairlead.conf(5).\n"
        "## All of it is commented out: take away the first # of the lines that you want, or begin with this:\n"
        "##\n"
        "##   authorities = { letsencrypt = { accept_terms = true; contact = [ \"mailto:you@example.org\" ]; }; };\n"
        "##   certificates = ( { names = [ \"example.org\", \"*.example.org\" ]; } );\n"
        "##\n"
        "## and ask `fairlead check` what it thinks of it.\n",
        f);
}
static void sample_entry(FILE *f, const struct model_section *s)
{
    const char *plugin = plugin_of(s->name);

    fprintf(f, "#  %s = {\n", s->example);
    /* The table's first option, for it has a value here. */
    if (plugin)
        fprintf(f,
                "#    # name of the plugin, which has options of its own: see `fairlead describe %s`\n"
                "#    plugin = \"%s\";\n",
                plugin, strchr(plugin, '/') + 1);
    opt_sample(f, s->table + (plugin != NULL), 4, examples);
    fputs("#  };\n", f);
}
static void sample_section(FILE *f, const struct model_section *s)
{
    fputc('\n', f);
    sentences(f, "## ", s->help);
    switch (s->form) {
    case MODEL_VALUES: opt_sample(f, s->table, 0, examples); break;
    case MODEL_GROUP:
        fprintf(f, "#%s = {\n", s->name);
        opt_sample(f, s->table, 2, examples);
        fputs("#};\n", f);
        break;
    case MODEL_NAMED:
        fprintf(f, "#%s = {\n", s->name);
        sample_entry(f, s);
        fputs("#};\n", f);
        break;
    case MODEL_LIST:
        fprintf(f, "#%s = (\n#  {\n", s->name);
        opt_sample(f, s->table, 4, s->table == model_policy_table ? policy_examples : examples);
        fputs("#  }\n#);\n", f);
        break;
    }
}
int model_sample(FILE *f)
{
    sample_head(f);
    for (const struct model_section *s = model_sections; s->name; s++)
        sample_section(f, s);
    return fflush(f) == 0 && !ferror(f) ? 0 : -1;
}

/* ---- the manual ---- */

static void man_form(FILE *f, const struct model_section *s)
{
    static const char *const forms[] = {
        [MODEL_GROUP] = "%s = { OPTION = VALUE; ... };",
        [MODEL_NAMED] = "%s = { NAME = { OPTION = VALUE; ... }; ... };",
        [MODEL_LIST] = "%s = ( { OPTION = VALUE; ... }, ... );",
    };
    const char *form = forms[s->form], *rest = strchr(form, ' ');

    fprintf(f, ".Dl %s%s\n", s->name, rest);
}
int model_man(FILE *f)
{
    for (const struct model_section *s = model_sections; s->name; s++) {
        fprintf(f, ".Ss %s\n", *s->name ? s->name : "Top level");
        sentences(f, "", s->help);
        if (s->form != MODEL_VALUES)
            man_form(f, s);
        opt_man(f, s->table, 0);
    }
    return fflush(f) == 0 && !ferror(f) ? 0 : -1;
}
