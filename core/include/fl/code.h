/* SPDX-License-Identifier: Apache-2.0 */
/* fl/code.h - what a call says is to become of the work it was part of. */
#ifndef FL_CODE_H
#define FL_CODE_H

/* The codes are chosen by what the engine will do next, not by what happened:
 * the happening is told by the message that goes with the code. One table in
 * the engine (docs/design.md, section 5) says what each of them leads to. */
enum fl_code {
    FL_OK = 0,
    FL_EAGAIN = -1,  /* not yet: ask again after the time given. Never a failure */
    FL_ETEMP = -2,   /* network, 5xx, a deadline that passed: retried with growing pauses */
    FL_ERATE = -3,   /* told to slow down: retried after the time given */
    FL_EAUTH = -4,   /* the credentials were refused: the instance is tested and, if it fails, held */
    FL_EREJECT = -5, /* the other side understood and said no to this very thing */
    FL_ESTALE = -6,  /* what stands there is not what we thought: read it again, then retry at once */
    FL_ECONF = -7,   /* the configuration is wrong: nothing helps but a person and a reload */
    FL_EPROTO = -8,  /* an answer that makes no sense: retried like FL_ETEMP, and shown */
    FL_ENOMEM = -9,  /* out of memory: retried in a moment */
    FL_ECANCEL = -10 /* the daemon is ending; only then. State is left as it is */
};

#define FL_EXPORT __attribute__((visibility("default")))
#define FL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
