/** The {@code chainrule} command. */
package dev.chainrule.cli;
