use std::io::BufRead;
use trailwright_engine::{PolicyDocument, contain::*};
fn main() {
    let mut worst = std::time::Duration::ZERO;
    let (mut n, mut fails) = (0, 0);
    for line in std::io::stdin().lock().lines() {
        let v: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let p: PolicyDocument = v["doc"].to_string().parse().unwrap();
        let q: PolicyDocument = p.to_json().parse().unwrap();
        assert_eq!(p, q);
        let t = std::time::Instant::now();
        let c = check_no_new_access(&p, &q);
        n += 1;
        if c.result == CheckResult::Fail {
            fails += 1;
            println!("{} {:?}", v["name"], c.reasons);
        }
        if t.elapsed() > worst {
            worst = t.elapsed();
            println!("worst {} {:?}", v["name"], worst);
        }
    }
    println!("{n} {fails}");
}
