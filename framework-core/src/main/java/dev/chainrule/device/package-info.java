/** What a backend implements, and how a program picks a device: {@link dev.chainrule.device.Devices}. */
@Stability(Stability.Level.SPI)
package dev.chainrule.device;

import dev.chainrule.Stability;
