/** The backward pass: graph in, bigger graph out. No device knows about it. */
@Stability(Stability.Level.API)
package dev.chainrule.autograd;

import dev.chainrule.Stability;
