//! The chart of what a request costs, drawn from a table of what was counted: `docs/performance.tsv` becomes
//! `docs/performance.svg`. It needs no script and nothing from elsewhere, and is readable in the light and in the dark.

use std::fmt::Write;

/// Draws the chart of a table: a line for each client, its name, who it is (`floor`, `ours`, `other`), and for each
/// figure a column, as the first line that is no comment names them.
///
/// # Errors
/// A sentence that says what is wrong with the table.
pub fn draw(table: &str) -> Result<String, String> {
    let rows = rows(table)?;
    let height = TOP + ROW * rows.len() as f64 + BOTTOM;
    let mut svg = opening(height);
    labels(&rows, &mut svg);
    for (panel, at) in PANELS.iter().zip(0..) {
        panel.draw(&rows, at, &mut svg);
    }
    for (line, y) in FOOT.iter().zip([height - 36.0, height - 18.0]) {
        let _ = writeln!(svg, "<text class=\"m\" x=\"{LEFT}\" y=\"{y:.0}\">{line}</text>");
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

const FOOT: [&str; 2] = [
    "Instructions on a logarithmic scale. The bare socket has its request as bytes and looks for the end of the answer, no more.",
    "httpocean-mio makes no map of the fields but lends them as they are, and libcurl is not asked for any.",
];

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 28.0;
const TOP: f64 = 122.0;
const BOTTOM: f64 = 70.0;
const ROW: f64 = 30.0;
const BAR: f64 = 18.0;

const STYLE: &str = "
  svg{--back:#fbfcfd;--line:#dde3e9;--word:#1c2733;--mute:#66717d;--ours:#0780a8;--other:#b3c0cc;--edge:#7c8894}
  @media(prefers-color-scheme:dark){svg{--back:#0e151c;--line:#26323d;--word:#e4ebf1;--mute:#8fa0ae;--ours:#35b5dc;--other:#465563;--edge:#8fa0ae}}
  text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:var(--word)}
  .t{font-size:20px;font-weight:650}.h{font-weight:650}.m{fill:var(--mute);font-size:12px}.e{text-anchor:end}.c{text-anchor:middle}
  .o{font-weight:650;fill:var(--ours)}.v{font-size:12px;font-variant-numeric:tabular-nums}
  .grid{stroke:var(--line)}.ours{fill:var(--ours)}.other{fill:var(--other)}.floor{fill:none;stroke:var(--edge);stroke-dasharray:3 2}
  .back{fill:var(--back);stroke:var(--line)}.band{fill:var(--ours);opacity:.07}";

fn opening(height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"What one request costs each client: instructions, system calls, allocations\">\n\
         <style>{STYLE}\n</style>\n\
         <rect class=\"back\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"10\"/>\n\
         <text class=\"t\" x=\"{LEFT}\" y=\"42\">What one request costs</text>\n\
         <text class=\"m\" x=\"{LEFT}\" y=\"64\">over a kept connection: made anew, answered with 4 fields and 13 bytes, \
         the answer as a map of its fields, the body read. Less is better.</text>\n",
        WIDTH - 1.0,
        height - 1.0,
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Floor,
    Ours,
    Other,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Ours => "ours",
            Self::Other => "other",
        }
    }
}

#[derive(Debug)]
struct Row {
    name: String,
    kind: Kind,
    figures: [f64; 3],
}

const HEAD: &str = "client\tkind\tinstructions\tsystem calls\tallocations";

fn rows(table: &str) -> Result<Vec<Row>, String> {
    let mut lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    if lines.next() != Some(HEAD) {
        return Err(format!("the table does not begin with `{}`", HEAD.replace('\t', " ")));
    }
    let rows: Vec<Row> = lines.map(row).collect::<Result<_, _>>()?;
    if rows.is_empty() { Err("the table has no rows".into()) } else { Ok(rows) }
}

fn row(line: &str) -> Result<Row, String> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [name, kind, figures @ ..] = &cells[..] else { return Err(format!("`{line}` has too few cells")) };
    let kind = match *kind {
        "floor" => Kind::Floor,
        "ours" => Kind::Ours,
        "other" => Kind::Other,
        unknown => return Err(format!("`{unknown}` is neither floor nor ours nor other")),
    };
    let numbers: Vec<f64> = figures.iter().filter_map(|figure| figure.parse().ok()).collect();
    let figures = <[f64; 3]>::try_from(numbers).map_err(|_| format!("`{line}` has not three numbers"))?;
    let sound = figures.iter().all(|figure| (0.0..1e9).contains(figure));
    if sound {
        Ok(Row { name: (*name).to_owned(), kind, figures })
    } else {
        Err(format!("`{line}` is too much"))
    }
}

fn labels(rows: &[Row], svg: &mut String) {
    for (row, y) in rows.iter().zip(lines()) {
        if row.kind == Kind::Ours {
            let (top, width) = (y - ROW / 2.0, WIDTH - LEFT);
            let _ = writeln!(
                svg,
                "<rect class=\"band\" x=\"14\" y=\"{top}\" width=\"{width}\" height=\"{ROW}\"/>"
            );
        }
        let class = if row.kind == Kind::Ours { "o" } else { "" };
        let _ = writeln!(
            svg,
            "<text class=\"{class}\" x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
            y + 4.5,
            escaped(&row.name)
        );
    }
}

/// The middles of the rows.
fn lines() -> impl Iterator<Item = f64> {
    (0..).map(|n| TOP + ROW * (f64::from(n) + 0.5))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

struct Panel {
    name: &'static str,
    x: f64,
    width: f64,
    scale: Scale,
}

enum Scale {
    /// From and to.
    Log(f64, f64),
    /// Up to.
    Linear(f64),
}

/// A bar is so much longer than its scale at most.
const MOST: f64 = 1.07;

/// Beside the longest bar there has to be room for its number.
const PANELS: [Panel; 3] = [
    Panel { name: "instructions in user space", x: 196.0, width: 330.0, scale: Scale::Log(1e3, 1e6) },
    Panel { name: "system calls", x: 632.0, width: 118.0, scale: Scale::Linear(8.0) },
    Panel { name: "allocations", x: 812.0, width: 118.0, scale: Scale::Linear(60.0) },
];

impl Panel {
    fn draw(&self, rows: &[Row], figure: usize, svg: &mut String) {
        let Self { name, x, .. } = self;
        let _ = writeln!(svg, "<text class=\"h\" x=\"{x}\" y=\"{}\">{name}</text>", TOP - 26.0);
        let bottom = TOP + ROW * rows.len() as f64;
        for (at, label) in self.ticks() {
            let x = x + at;
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>");
            let _ = writeln!(svg, "<text class=\"m c\" x=\"{x:.1}\" y=\"{}\">{label}</text>", TOP - 7.0);
        }
        let floor = rows.iter().find(|row| row.kind == Kind::Floor).map(|row| row.figures[figure]);
        for (row, y) in rows.iter().zip(lines()) {
            self.bar(row.figures[figure], row.kind, y, floor, svg);
        }
    }

    fn bar(&self, figure: f64, kind: Kind, y: f64, floor: Option<f64>, svg: &mut String) {
        let (x, top, class) = (self.x, y - BAR / 2.0, kind.class());
        let length = self.length(figure);
        if length > 0.0 {
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>"
            );
        }
        let times = match (&self.scale, floor) {
            (Scale::Log(..), Some(floor)) if kind != Kind::Floor => {
                format!("<tspan class=\"m\" dx=\"7\">{:.0} ×</tspan>", figure / floor)
            }
            (Scale::Log(..) | Scale::Linear(_), _) => String::new(),
        };
        // What goes off the scale says so.
        let beyond = if length >= self.width * MOST { " →" } else { "" };
        let _ = writeln!(
            svg,
            "<text class=\"v\" x=\"{:.1}\" y=\"{:.1}\">{}{beyond}{times}</text>",
            x + length.min(self.width + 8.0) + 6.0,
            y + 4.0,
            number(figure)
        );
    }

    fn length(&self, figure: f64) -> f64 {
        let part = match self.scale {
            Scale::Log(from, to) => (figure.max(from) / from).log10() / (to / from).log10(),
            Scale::Linear(to) => figure / to,
        };
        self.width * part.min(MOST)
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Log(..) => [(1e3, "1,000"), (1e4, "10,000"), (1e5, "100,000"), (1e6, "1,000,000")]
                .map(|(at, label)| (self.length(at), label.to_owned()))
                .into(),
            Scale::Linear(to) => [0.0, to / 2.0, to].map(|at| (self.length(at), number(at))).into(),
        }
    }
}

/// With commas, and no more digits than are worth reading.
fn number(figure: f64) -> String {
    if figure.fract() > 0.004 && figure < 10.0 {
        return format!("{figure:.2}").trim_end_matches('0').to_owned();
    }
    let digits = format!("{figure:.0}");
    let mut said = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_write_them() {
        let said = [0.0, 3.0, 2.02, 5.4, 53.0, 1609.0, 806_508.0].map(number);
        assert_eq!(said, ["0", "3", "2.02", "5.4", "53", "1,609", "806,508"]);
    }

    #[test]
    fn a_bar_is_as_long_as_its_figure_says() {
        let [log, linear, _] = &PANELS;
        assert!((log.length(1e6) - log.width).abs() < 1e-9 && log.length(1e3).abs() < 1e-9);
        assert!((log.length(1e5) - log.length(1e4) - log.width / 3.0).abs() < 1e-9);
        assert!((linear.length(4.0) - linear.width / 2.0).abs() < 1e-9);
        assert!(linear.length(800.0) < linear.width * 1.1, "nothing runs out of the picture");
    }

    #[test]
    fn a_table_that_is_none_is_refused_with_a_reason() {
        for (table, why) in [
            ("", "does not begin"),
            (HEAD, "no rows"),
            (&*format!("{HEAD}\na"), "too few cells"),
            (&*format!("{HEAD}\na\tours\t1\t2"), "three numbers"),
            (&*format!("{HEAD}\na\tmine\t1\t2\t3"), "neither"),
            (&*format!("{HEAD}\na\tours\t1\t2\tNaN"), "too much"),
        ] {
            let error = draw(table).expect_err("no table");
            assert!(error.contains(why), "{error}");
        }
    }
}
