/** The {@code chainrule} command. */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.cli;

import dev.chainrule.Stability;
