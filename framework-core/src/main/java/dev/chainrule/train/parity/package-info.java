/** Whether one training does the same on two devices. */
package dev.chainrule.train.parity;
