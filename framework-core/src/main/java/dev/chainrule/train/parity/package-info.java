/** Whether one training does the same on two devices. */
@Stability(Stability.Level.INTERNAL)
package dev.chainrule.train.parity;

import dev.chainrule.Stability;
