// Paints Swing dialogs in many looks, with the truth about every control beside each picture.
//
//   java [-Dawt.useSystemAAFontSettings=off|on|lcd] DialogGallery.java OUT AA LOOKS FONTS [DIALOGS]
//   LOOKS: metal,plain,steel,nimbus,motif,gtk,dark,light,blue    FONTS: Dialog-12,Serif-18,...
//
// Needs an X display: a focus ring is only painted in a window that has the focus.

import java.awt.*;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.List;
import javax.imageio.ImageIO;
import javax.swing.*;
import javax.swing.border.*;
import javax.swing.plaf.FontUIResource;
import javax.swing.plaf.basic.*;
import javax.swing.plaf.metal.*;
import javax.swing.text.*;
import javax.swing.tree.*;

public class DialogGallery {
    record Theme(Color panel, Color text, Color field, Color border, Color button, Color buttonText, Color primary,
            Color primaryText, Color select, Color selectText, Color hint) {}

    static final Theme DARK = new Theme(c(0x2b2b2b), c(0xd0d0d0), c(0x1e1f22), c(0x5a5d60), c(0x4c5052), c(0xe6e6e6),
            c(0x2f65ca), Color.WHITE, c(0x2f5d9b), Color.WHITE, c(0x7d8085));
    static final Theme LIGHT = new Theme(c(0xf7f8fa), c(0x1d1d1f), Color.WHITE, c(0xc9ccd6), Color.WHITE, c(0x202020),
            c(0xd6281e), Color.WHITE, c(0xcfe3ff), c(0x101010), c(0x9a9da6));
    static final Theme BLUE = new Theme(c(0x0f2740), c(0xc8d8ea), c(0x0f2740), c(0x3c6a99), c(0x1d4a75), c(0xffffff),
            c(0xf0b429), c(0x1a1a1a), c(0x2c7be5), Color.WHITE, c(0x6f8cab));

    static Theme theme;
    static JComponent focus;
    static JButton primary;
    static Random random = new Random(7);

    static Color c(int rgb) {
        return new Color(rgb);
    }

    interface Builder {
        JComponent build();
    }

    static final Map<String, Builder> DIALOGS = new LinkedHashMap<>();

    static JPanel column(Component... parts) {
        Box box = Box.createVerticalBox();
        for (Component part : parts) {
            if (part instanceof JComponent j) {
                j.setAlignmentX(0f);
            }
            box.add(part);
            box.add(Box.createVerticalStrut(8));
        }
        JPanel panel = new JPanel(new BorderLayout());
        panel.setBorder(new EmptyBorder(12, 14, 8, 14));
        panel.add(box);
        return panel;
    }

    static JPanel row(int align, Component... parts) {
        JPanel panel = new JPanel(new FlowLayout(align, 8, 2));
        for (Component part : parts) {
            panel.add(part);
        }
        return panel;
    }

    static JButton button(String text) {
        return new JButton(text);
    }

    static JButton first(String text) {
        JButton button = button(text);
        primary = button;
        focus = button;
        return button;
    }

    static JTextField field(String text, int columns, String hint, boolean secret) {
        JTextField field = secret ? new JPasswordField(text, columns) : new JTextField(text, columns);
        if (hint != null) {
            field.putClientProperty("hint", hint);
        }
        return field;
    }

    static JToggleButton toggle(String text, boolean on, ButtonGroup group) {
        JToggleButton toggle = new JToggleButton(text, on);
        group.add(toggle);
        return toggle;
    }

    static JRadioButton radio(String text, boolean on, ButtonGroup group) {
        JRadioButton radio = new JRadioButton(text, on);
        group.add(radio);
        return radio;
    }

    static JPanel form(Component... cells) {
        JPanel panel = new JPanel(new GridBagLayout());
        GridBagConstraints at = new GridBagConstraints();
        at.insets = new Insets(3, 3, 3, 6);
        at.anchor = GridBagConstraints.WEST;
        for (int i = 0; i < cells.length; i++) {
            at.gridx = i % 2;
            at.gridy = i / 2;
            panel.add(cells[i], at);
        }
        return panel;
    }

    static JTextArea wrapped(String text, int columns) {
        JTextArea area = new JTextArea(text);
        area.setColumns(columns);
        area.setLineWrap(true);
        area.setWrapStyleWord(true);
        area.setEditable(false);
        area.setOpaque(false);
        area.setFocusable(false);
        area.setSize(area.getPreferredSize().width, 400);
        return area;
    }

    static JOptionPane pane(Object message, int type, int options, Object[] labels) {
        return new JOptionPane(message, type, options, null, labels, labels == null ? null : labels[0]);
    }

    static {
        DIALOGS.put("message", () -> pane("Connection to server failed: Server disconnected, please try again",
                JOptionPane.ERROR_MESSAGE, JOptionPane.DEFAULT_OPTION, null));
        DIALOGS.put("exit", () -> pane("Are you sure you want to exit?", JOptionPane.QUESTION_MESSAGE,
                JOptionPane.YES_NO_OPTION, null));
        DIALOGS.put("login", () -> {
            ButtonGroup api = new ButtonGroup();
            ButtonGroup mode = new ButtonGroup();
            JTextField user = field("", 14, null, false);
            focus = user;
            primary = button("Paper Log In");
            return column(row(FlowLayout.LEFT, toggle("FIX CTCI", false, api), toggle("IB API", true, api)),
                    row(FlowLayout.LEFT, toggle("Live Trading", false, mode), toggle("Paper Trading", true, mode)),
                    form(new JLabel("Username"), user, new JLabel("Password"), field("", 14, null, true)),
                    new JCheckBox("Use/store settings on server"), row(FlowLayout.CENTER, primary));
        });
        DIALOGS.put("login-filled", () -> {
            ButtonGroup mode = new ButtonGroup();
            JTextField secret = field("hunter2hunter2", 16, null, true);
            focus = secret;
            primary = button("Log In");
            return column(row(FlowLayout.CENTER, radio("Live Trading", true, mode), radio("Paper Trading", false, mode)),
                    new JLabel("User name:"), field("edemo4711", 16, null, false), new JLabel("Password:"), secret,
                    row(FlowLayout.CENTER, primary, button("Exit")));
        });
        DIALOGS.put("login-hints", () -> {
            ButtonGroup mode = new ButtonGroup();
            JTextField user = field("", 18, "Username", false);
            focus = primary = button("Log In");
            JLabel heading = new JLabel("LOGIN");
            heading.setFont(heading.getFont().deriveFont(heading.getFont().getSize2D() * 1.5f));
            return column(heading, row(FlowLayout.LEFT, toggle("Live", false, mode), toggle("Paper", true, mode)), user,
                    field("", 18, "Password", true), primary, new JLabel("Need help logging in?"));
        });
        DIALOGS.put("devices", () -> {
            JList<String> list = new JList<>(new String[] {"IB Key", "Mobile Authenticator App", "SMS", "Security Card"});
            list.setSelectedIndex(1);
            focus = list;
            JScrollPane scroll = new JScrollPane(list);
            primary = button("OK");
            return column(new JLabel("Select second factor device"), scroll,
                    row(FlowLayout.RIGHT, primary, button("Cancel")));
        });
        DIALOGS.put("code", () -> {
            JTextField code = field("", 10, null, false);
            focus = code;
            primary = button("OK");
            return column(new JLabel("SECOND FACTOR AUTHENTICATION"),
                    new JLabel("Enter the code from your Mobile Authenticator App"), code,
                    row(FlowLayout.CENTER, primary, button("Cancel")));
        });
        DIALOGS.put("sizes", () -> {
            first("I understand - display market data");
            return column(new JLabel("Bid, Ask and Last Size Display Update"),
                    wrapped("Sizes of quotes will be shown in shares instead of round lots. Programs that multiply "
                            + "the size by one hundred have to be changed before they are used again.", 34),
                    new JCheckBox("Don't display this message again."), row(FlowLayout.CENTER, primary, button("Later")));
        });
        DIALOGS.put("paper", () -> {
            first("I understand and accept");
            return column(new JLabel("<html><body style='width: 260px'><b>Warning</b><br>This is not a brokerage account. "
                    + "It is a paper trading account that uses simulated funds.</body></html>"),
                    row(FlowLayout.CENTER, primary));
        });
        DIALOGS.put("session", () -> pane("<html>Another session is using this account.<br>What would you like to do?</html>",
                JOptionPane.WARNING_MESSAGE, JOptionPane.DEFAULT_OPTION,
                new Object[] {"Continue Login", "Exit Application", "Cancel"}));
        DIALOGS.put("main", () -> {
            JPanel main = new JPanel(new BorderLayout(4, 4));
            JMenuBar bar = new JMenuBar();
            for (String text : new String[] {"File", "Configure", "Help"}) {
                JMenu menu = new JMenu(text);
                menu.setMnemonic(text.charAt(0));
                bar.add(menu);
            }
            main.add(bar, BorderLayout.NORTH);
            JTextArea log = new JTextArea("09:31:02 Connected to the market data farm\n09:31:03 API client 7 accepted\n"
                    + "09:31:09 API client 7 disconnected\n", 6, 44);
            log.setEditable(false);
            focus = log;
            main.add(new JScrollPane(log));
            JLabel state = new JLabel("Interactive Brokers API Server: connected");
            main.add(row(FlowLayout.LEFT, state, new JLabel("Paper Trading")), BorderLayout.SOUTH);
            return main;
        });
        DIALOGS.put("connecting", () -> {
            JProgressBar bar = new JProgressBar();
            bar.setValue(40);
            first("OK");
            return column(new JLabel("Connecting to server..."), bar, row(FlowLayout.CENTER, primary));
        });
        DIALOGS.put("settings", () -> {
            DefaultMutableTreeNode root = new DefaultMutableTreeNode("Configuration");
            DefaultMutableTreeNode api = new DefaultMutableTreeNode("API");
            api.add(new DefaultMutableTreeNode("Settings"));
            api.add(new DefaultMutableTreeNode("Precautions"));
            root.add(api);
            root.add(new DefaultMutableTreeNode("Lock and Exit"));
            JTree tree = new JTree(root);
            for (int i = 0; i < 5; i++) {
                tree.expandRow(i);
            }
            tree.setSelectionRow(2);
            JCheckBox lots = new JCheckBox("Send market data in lots for US stocks", true);
            JCheckBox grey = new JCheckBox("Create API message log file", true);
            grey.setEnabled(false);
            JCheckBox off = new JCheckBox("Include market data in log file");
            off.setEnabled(false);
            focus = tree;
            primary = button("OK");
            JButton apply = button("Apply");
            apply.setEnabled(false);
            JPanel page = column(new JCheckBox("Read-Only API"), lots, grey, off,
                    form(new JLabel("Socket port"), field("4002", 6, null, false), new JLabel("Master API client ID"),
                            field("", 6, null, false)),
                    button("Reset API order ID sequence"));
            JPanel all = new JPanel(new BorderLayout(6, 6));
            all.add(new JScrollPane(tree), BorderLayout.WEST);
            all.add(page);
            all.add(row(FlowLayout.RIGHT, primary, apply, button("Cancel")), BorderLayout.SOUTH);
            return all;
        });
        DIALOGS.put("attempts", () -> pane("Too many failed login attempts. Please wait 4 minutes & 47 seconds before attempting to re-login.",
                JOptionPane.WARNING_MESSAGE, JOptionPane.DEFAULT_OPTION, null));
        DIALOGS.put("incoming", () -> {
            JButton no = button("No");
            focus = no;
            primary = button("Yes");
            return column(new JLabel("Accept incoming connection attempt from 10.0.0.7?"),
                    row(FlowLayout.CENTER, primary, no));
        });
        DIALOGS.put("lock", () -> {
            ButtonGroup what = new ButtonGroup();
            ButtonGroup half = new ButtonGroup();
            focus = primary = button("Apply");
            JPanel time = row(FlowLayout.LEFT, new JLabel("Set Auto Restart Time (HH:MM)"), field("11:45", 5, null, false),
                    radio("AM", false, half), radio("PM", true, half));
            time.setBorder(new TitledBorder("Lock and Exit"));
            return column(radio("Auto logoff", false, what), radio("Auto restart", true, what), time,
                    row(FlowLayout.RIGHT, button("OK"), primary, button("Close")));
        });
        DIALOGS.put("short", () -> {
            first("Edit");
            JButton exit = button("Exit");
            exit.setEnabled(false);
            return column(new JLabel("Re-login is required"),
                    row(FlowLayout.CENTER, primary, exit, button("Later"), button("Re-login")));
        });
        DIALOGS.put("trap", () -> {
            first("Submit");
            JTextField yes = field("Yes", 4, null, false);
            JList<String> list = new JList<>(new String[] {"Yes", "No", "OK"});
            list.setSelectedIndex(2);
            list.setBorder(new LineBorder(Color.GRAY));
            return column(new JLabel("OK"), row(FlowLayout.LEFT, new JLabel("Yes or No? Answer OK"), new JLabel("No"), yes),
                    row(FlowLayout.LEFT, new JCheckBox("OK", true), new JCheckBox("No"), list),
                    row(FlowLayout.CENTER, primary, button("None"), button("Yes, transmit"), button("OKAY")));
        });
    }

    static void flatten(Component part) {
        if (part instanceof JRootPane || part instanceof JLayeredPane || part instanceof JPanel || part instanceof JOptionPane
                || part instanceof JScrollPane || part instanceof JViewport || part instanceof Box) {
            part.setBackground(theme.panel);
        }
        part.setForeground(theme.text);
        if (part instanceof JMenu menu) {
            menu.setUI(new BasicMenuUI());
            menu.setForeground(theme.text);
            menu.setBackground(theme.panel);
            menu.setBorder(new EmptyBorder(4, 8, 4, 8));
        } else if (part instanceof JMenuBar bar) {
            bar.setUI(new BasicMenuBarUI());
            bar.setBackground(theme.panel);
            bar.setBorder(new MatteBorder(0, 0, 1, 0, theme.border));
        } else if (part instanceof JRadioButton || part instanceof JCheckBox) {
            JToggleButton mark = (JToggleButton) part;
            mark.setBackground(theme.panel);
            mark.setFocusPainted(false);
            mark.setForeground(mark.isEnabled() ? theme.text : theme.hint);
            mark.setIcon(new Mark(part instanceof JRadioButton));
        } else if (part instanceof AbstractButton button) {
            boolean on = part == primary || button instanceof JToggleButton && button.isSelected();
            if (button instanceof JToggleButton) {
                button.setUI(new BasicToggleButtonUI());
            } else {
                button.setUI(new BasicButtonUI());
            }
            button.setFocusPainted(false);
            button.setOpaque(true);
            button.setBackground(on ? theme.primary : theme.button);
            button.setForeground(on ? theme.primaryText : button.isEnabled() ? theme.buttonText : theme.hint);
            Border edge = new LineBorder(on ? theme.primary : theme.border, part == focus ? 2 : 1);
            button.setBorder(new CompoundBorder(edge, new EmptyBorder(5, 14, 5, 14)));
        } else if (part instanceof JTextField field) {
            field.setBackground(theme.field);
            field.setCaretColor(theme.text);
            Color edge = part == focus ? theme.primary : theme.border;
            field.setBorder(new CompoundBorder(new LineBorder(edge), new EmptyBorder(5, 6, 5, 6)));
        } else if (part instanceof JTextArea area) {
            area.setBackground(theme.field);
        } else if (part instanceof JList<?> list) {
            list.setBackground(theme.field);
            list.setSelectionBackground(theme.select);
            list.setSelectionForeground(theme.selectText);
        } else if (part instanceof JTree tree) {
            tree.setBackground(theme.field);
            DefaultTreeCellRenderer cell = new DefaultTreeCellRenderer();
            cell.setBackgroundNonSelectionColor(theme.field);
            cell.setTextNonSelectionColor(theme.text);
            cell.setBackgroundSelectionColor(theme.select);
            cell.setTextSelectionColor(theme.selectText);
            tree.setCellRenderer(cell);
        }
        if (part instanceof Container container) {
            for (Component child : container.getComponents()) {
                flatten(child);
            }
        }
    }

    record Mark(boolean round) implements Icon {
        public int getIconWidth() {
            return UIManager.getFont("Label.font").getSize() + 2;
        }

        public int getIconHeight() {
            return getIconWidth();
        }

        public void paintIcon(Component on, Graphics g, int x, int y) {
            Graphics2D pen = (Graphics2D) g.create();
            pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            boolean checked = ((AbstractButton) on).isSelected();
            int side = getIconWidth() - 1;
            Color fill = checked && on.isEnabled() ? theme.primary : theme.field;
            pen.setColor(fill);
            Shape shape = round ? new java.awt.geom.Ellipse2D.Double(x + 0.5, y + 0.5, side - 1, side - 1)
                    : new Rectangle(x, y, side, side);
            pen.fill(shape);
            pen.setColor(theme.border);
            pen.draw(shape);
            if (checked) {
                pen.setColor(on.isEnabled() ? theme.primaryText : theme.hint);
                if (round) {
                    pen.fill(new java.awt.geom.Ellipse2D.Double(x + side * 0.3, y + side * 0.3, side * 0.4, side * 0.4));
                } else {
                    pen.setStroke(new BasicStroke(2));
                    pen.drawPolyline(new int[] {x + side / 4, x + side * 2 / 5, x + side * 3 / 4},
                            new int[] {y + side / 2, y + side * 3 / 4, y + side / 4}, 3);
                }
            }
        }
    }

    static void look(String name, String family, int size) throws Exception {
        theme = switch (name) {
            case "dark" -> DARK;
            case "light" -> LIGHT;
            case "blue" -> BLUE;
            default -> null;
        };
        for (Object key : new ArrayList<>(UIManager.getDefaults().keySet())) {
            UIManager.put(key, null);
        }
        boolean plain = name.equals("plain") || theme != null;
        UIManager.put("swing.boldMetal", !plain);
        MetalLookAndFeel.setCurrentTheme(name.equals("steel") ? new DefaultMetalTheme() : new OceanTheme());
        UIManager.setLookAndFeel(switch (name) {
            case "nimbus" -> "javax.swing.plaf.nimbus.NimbusLookAndFeel";
            case "motif" -> "com.sun.java.swing.plaf.motif.MotifLookAndFeel";
            case "gtk" -> "com.sun.java.swing.plaf.gtk.GTKLookAndFeel";
            default -> "javax.swing.plaf.metal.MetalLookAndFeel";
        });
        FontUIResource base = new FontUIResource(family, Font.PLAIN, size);
        if (name.equals("nimbus")) {
            UIManager.put("defaultFont", base);
        }
        for (Object key : new ArrayList<>(UIManager.getLookAndFeelDefaults().keySet())) {
            Object value = UIManager.get(key);
            if (value instanceof Font font && key.toString().endsWith("ont")) {
                UIManager.put(key, new FontUIResource(family, font.getStyle(), size));
            }
        }
        UIManager.put("Tree.rowHeight", 0);
    }

    static final StringBuilder TRUTH = new StringBuilder();

    static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", " ") + '"';
    }

    static void note(String kind, String text, Rectangle box, Component part, String more) {
        if (TRUTH.length() > 1) {
            TRUTH.append(",\n");
        }
        TRUTH.append(String.format("{\"kind\":%s,\"text\":%s,\"x\":%d,\"y\":%d,\"w\":%d,\"h\":%d,\"enabled\":%b%s}", quote(kind),
                quote(text), box.x, box.y, box.width, box.height, part.isEnabled(), more));
    }

    static void truth(Component part, Component root) throws Exception {
        if (!part.isShowing()) {
            return;
        }
        Rectangle box = SwingUtilities.convertRectangle(part.getParent(), part.getBounds(), root);
        if (part instanceof AbstractButton b && b.getText() != null && !b.getText().isEmpty()) {
            String kind = b instanceof JRadioButton ? "radio" : b instanceof JCheckBox ? "check" : b instanceof JToggleButton
                    ? "toggle" : b instanceof JMenu ? "menu" : "button";
            note(kind, b.getText(), box, part, ",\"on\":" + (b.isSelected() && !(b instanceof JMenu)));
            return;
        }
        if (part instanceof JLabel label && label.getText() != null && !label.getText().isEmpty()) {
            boolean html = label.getText().startsWith("<html>");
            note(html ? "html" : "label", label.getText().replaceAll("<br>", " ").replaceAll("<[^>]*>", ""), box, part, "");
            return;
        }
        if (part instanceof JTextField field) {
            Object hint = field.getClientProperty("hint");
            boolean secret = part instanceof JPasswordField;
            note(secret ? "secret" : "field", secret ? "" : field.getText(), box, part,
                    ",\"hint\":" + (hint == null || !field.getText().isEmpty() ? "null" : quote(hint.toString())));
            return;
        }
        if (part instanceof JTextArea area) {
            int at = 0;
            int end = area.getDocument().getLength();
            while (at < end) {
                int last = Utilities.getRowEnd(area, at);
                String text = area.getText(at, last - at).strip();
                Rectangle line = area.modelToView2D(at).getBounds();
                if (!text.isEmpty()) {
                    Rectangle whole = new Rectangle(0, line.y, area.getWidth(), line.height);
                    note("line", text, SwingUtilities.convertRectangle(part, whole, root), part, "");
                }
                at = last + 1;
            }
            return;
        }
        if (part instanceof JList<?> list) {
            for (int i = 0; i < list.getModel().getSize(); i++) {
                note("row", list.getModel().getElementAt(i).toString(),
                        SwingUtilities.convertRectangle(part, list.getCellBounds(i, i), root), part,
                        ",\"on\":" + list.isSelectedIndex(i));
            }
            return;
        }
        if (part instanceof JTree tree) {
            for (int i = 0; i < tree.getRowCount(); i++) {
                note("row", tree.getPathForRow(i).getLastPathComponent().toString(),
                        SwingUtilities.convertRectangle(part, tree.getRowBounds(i), root), part,
                        ",\"on\":" + tree.isRowSelected(i));
            }
            return;
        }
        if (part instanceof JPanel panel && panel.getBorder() instanceof TitledBorder title) {
            note("title", title.getTitle(), new Rectangle(box.x, box.y, box.width, 24), part, "");
        }
        if (part instanceof Container container) {
            for (Component child : container.getComponents()) {
                truth(child, root);
            }
        }
    }

    static void hints(Component part, Component root, Graphics2D pen) {
        if (part instanceof JTextField field && field.getClientProperty("hint") != null && field.getText().isEmpty()) {
            Point at = SwingUtilities.convertPoint(part, 0, 0, root);
            Graphics2D own = (Graphics2D) pen.create();
            String aa = System.getProperty("awt.useSystemAAFontSettings", "off");
            own.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING,
                    aa.equals("off") ? RenderingHints.VALUE_TEXT_ANTIALIAS_OFF : aa.equals("on")
                            ? RenderingHints.VALUE_TEXT_ANTIALIAS_ON : RenderingHints.VALUE_TEXT_ANTIALIAS_LCD_HRGB);
            own.setFont(field.getFont());
            own.setColor(theme != null ? theme.hint : Color.GRAY);
            FontMetrics metrics = own.getFontMetrics();
            int base = at.y + (part.getHeight() - metrics.getHeight()) / 2 + metrics.getAscent();
            own.drawString(field.getClientProperty("hint").toString(), at.x + field.getInsets().left, base);
        }
        if (part instanceof Container container) {
            for (Component child : container.getComponents()) {
                hints(child, root, pen);
            }
        }
    }

    static JButton find(Component part) {
        if (part instanceof JButton button && button.getText() != null && !button.getText().isEmpty()) {
            return button;
        }
        if (part instanceof Container container) {
            for (Component child : container.getComponents()) {
                JButton found = find(child);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    public static void main(String[] arguments) throws Exception {
        File out = new File(arguments[0]);
        out.mkdirs();
        Set<String> only = arguments.length > 4 ? Set.of(arguments[4].split(",")) : DIALOGS.keySet();
        for (String look : arguments[2].split(",")) {
            for (String font : arguments[3].split(",")) {
                String family = font.split("-")[0];
                int size = Integer.parseInt(font.split("-")[1]);
                try {
                    SwingUtilities.invokeAndWait(() -> {
                        try {
                            look(look, family, size);
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    });
                } catch (Exception e) {
                    System.err.println(look + ": " + e.getCause());
                    continue;
                }
                for (String name : DIALOGS.keySet()) {
                    if (only.contains(name)) {
                        paint(new File(out, String.join("_", name, look, font, arguments[1])), DIALOGS.get(name));
                    }
                }
            }
        }
        System.exit(0);
    }

    static void paint(File stem, Builder builder) throws Exception {
        JDialog[] dialog = new JDialog[1];
        SwingUtilities.invokeAndWait(() -> {
            focus = null;
            primary = null;
            JComponent content = builder.build();
            JButton button = primary != null ? primary : find(content);
            primary = button;
            if (focus == null) {
                focus = button;
            }
            dialog[0] = new JDialog((Frame) null, stem.getName());
            dialog[0].setContentPane(content);
            if (button != null) {
                dialog[0].getRootPane().setDefaultButton(button);
            }
            if (theme != null) {
                flatten(dialog[0].getRootPane());
            }
            dialog[0].pack();
            dialog[0].setLocation(20, 20);
            dialog[0].setVisible(true);
            if (focus != null) {
                focus.requestFocusInWindow();
            }
        });
        for (int i = 0; i < 60 && focus != null && !focus.isFocusOwner(); i++) {
            Thread.sleep(10);
        }
        SwingUtilities.invokeAndWait(() -> {
            try {
                JRootPane root = dialog[0].getRootPane();
                BufferedImage picture = new BufferedImage(root.getWidth(), root.getHeight(), BufferedImage.TYPE_INT_RGB);
                Graphics2D pen = picture.createGraphics();
                root.paint(pen);
                hints(root, root, pen);
                ImageIO.write(picture, "png", new File(stem.getPath() + ".png"));
                TRUTH.setLength(0);
                TRUTH.append("[");
                truth(root.getContentPane(), root);
                TRUTH.append("]\n");
                try (PrintWriter json = new PrintWriter(stem.getPath() + ".json", StandardCharsets.UTF_8)) {
                    json.print(TRUTH);
                }
                dialog[0].dispose();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
