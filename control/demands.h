#pragma once
/*
 * demands.h - what a configuration asks of the machine, seen before anything is opened.
 *
 * Thread: control.
 */
#include "control/conf.h"

/* systemd makes the folder of the default control socket; who starts by hand need not: mynahd does. */
bool	demands_folder(const struct conf *c);
/* Devices, cores, places of files and folders, the user, the key. 0, or -errno and a sentence. */
int	demands_check(const struct conf *c, struct diag *why);
