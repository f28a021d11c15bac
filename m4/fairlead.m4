# SPDX-License-Identifier: Apache-2.0
# fairlead.m4 - what configure.ac asks for by name.

# FL_PLUGIN(KIND, NAME): --disable-KIND-NAME, and the condition PLUGIN_KIND_NAME.
AC_DEFUN([FL_PLUGIN], [dnl
AC_ARG_ENABLE([$1-$2],
  [AS_HELP_STRING([--disable-$1-$2], [leave out the $1 plugin $2])], [],
  [enable_[]m4_translit([$1-$2], [-], [_])=yes])
AM_CONDITIONAL([PLUGIN_]m4_translit([$1-$2], [a-z-], [A-Z_]),
  [test "$enable_[]m4_translit([$1-$2], [-], [_])" != no])])

# FL_WITH_SYSTEMD: libsystemd for sd_notify, the journal and passed sockets.
AC_DEFUN([FL_WITH_SYSTEMD], [dnl
AC_ARG_WITH([systemd],
  [AS_HELP_STRING([--with-systemd], [use libsystemd: yes, no or auto (default)])], [],
  [with_systemd=auto])
have_systemd=no
AS_CASE([$with_systemd],
  [no], [],
  [auto], [PKG_CHECK_MODULES([SYSTEMD], [libsystemd >= 240], [have_systemd=yes], [have_systemd=no])],
  [PKG_CHECK_MODULES([SYSTEMD], [libsystemd >= 240], [have_systemd=yes])])
AS_IF([test "$have_systemd" = yes],
  [AC_DEFINE([HAVE_SYSTEMD], [1], [libsystemd is there])])
AM_CONDITIONAL([HAVE_SYSTEMD], [test "$have_systemd" = yes])])

# FL_WITH_CMOCKA: the unit tests need it, nothing else does.
AC_DEFUN([FL_WITH_CMOCKA], [dnl
PKG_CHECK_MODULES([CMOCKA], [cmocka >= 1.1.5], [have_cmocka=yes], [have_cmocka=no])
AM_CONDITIONAL([HAVE_CMOCKA], [test "$have_cmocka" = yes])
AS_IF([test "$have_cmocka" = no],
  [AC_MSG_WARN([cmocka was not found: make check leaves the unit tests out])])])

# FL_COMPILER_FLAGS: warnings, --enable-werror, --enable-sanitizers, hardening.
AC_DEFUN([FL_COMPILER_FLAGS], [dnl
AC_ARG_ENABLE([werror],
  [AS_HELP_STRING([--enable-werror], [make every warning an error])], [], [enable_werror=no])
AC_ARG_ENABLE([sanitizers],
  [AS_HELP_STRING([--enable-sanitizers=LIST], [build with -fsanitize=LIST (address,undefined or thread)])],
  [], [enable_sanitizers=no])
WARN_CFLAGS="-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes dnl
-Wformat=2 -Wvla -Wwrite-strings"
AS_IF([test "$enable_werror" != no], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
AS_CASE([$enable_sanitizers],
  [no], [SAN_CFLAGS=],
  [yes], [AC_MSG_ERROR([--enable-sanitizers needs a list, for example address,undefined])],
  [SAN_CFLAGS="-fsanitize=$enable_sanitizers -fno-omit-frame-pointer -fno-sanitize-recover=all"])
# glibc checks buffers only in optimised code, and the sanitizers see more without it.
HARDEN_CPPFLAGS=
AS_CASE([$enable_sanitizers:$CFLAGS],
  [no:*-O@<:@123s@:>@*], [HARDEN_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
AC_SUBST([WARN_CFLAGS])
AC_SUBST([SAN_CFLAGS])
AC_SUBST([HARDEN_CPPFLAGS])
AM_CONDITIONAL([SANITIZED], [test "$enable_sanitizers" != no])])
