/** What a backend implements, and how a program picks a device. */
package dev.chainrule.device;
