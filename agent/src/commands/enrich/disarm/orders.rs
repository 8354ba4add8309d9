//! Sentences that speak to the model that reads them, in place of telling something.

/// Stands for a sentence that is left out.
pub(super) const LEFT_OUT: &str = "[left out: a sentence that speaks to the model]";
/// Leaves out the sentences that speak to a model, also those that go over a line's end.
pub(super) fn without(lines: Vec<String>) -> Vec<String> {
    let squeezed: Vec<String> = lines.iter().map(|line| squeezed(line)).collect();
    let mut is_order: Vec<bool> = squeezed.iter().map(|line| speaks_to_model(line)).collect();
    let mut parts: Vec<bool> = vec![true; lines.len()];
    // Cut into up to four lines, an order still is one.
    for width in 2..=4 {
        for from in 0..squeezed.len().saturating_sub(width - 1) {
            let range = from..from + width;
            if !is_order[range.clone()].iter().any(|known| *known)
                && speaks_to_model(&squeezed[range.clone()].concat())
            {
                for at in range {
                    is_order[at] = true;
                    parts[at] = false;
                }
            }
        }
    }
    let mut kept: Vec<String> = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        let line = if !is_order[at] {
            line
        } else if parts[at] {
            sentences_without_orders(&line)
        } else {
            LEFT_OUT.to_owned()
        };
        // One mark is enough for several lines.
        if line != LEFT_OUT || kept.last().is_none_or(|last| last != LEFT_OUT) {
            kept.push(line);
        }
    }
    kept
}

fn sentences_without_orders(line: &str) -> String {
    let mut kept = String::new();
    let mut is_left_out = false;
    for sentence in line.split_inclusive(['.', '!', '?', ';']) {
        if speaks_to_model(&squeezed(sentence)) {
            if !is_left_out {
                kept.push_str(if kept.is_empty() || kept.ends_with(' ') {
                    ""
                } else {
                    " "
                });
                kept.push_str(LEFT_OUT);
            }
            is_left_out = true;
        } else {
            kept.push_str(sentence);
        }
    }
    // The order may stand across a sentence's end.
    if speaks_to_model(&squeezed(&kept.replace(LEFT_OUT, ""))) {
        return LEFT_OUT.to_owned();
    }
    kept.trim_end().to_owned()
}

/// Lower-case letters only, look-alikes as the letters they look like: `I g n 0 r e` is `ignore`.
fn squeezed(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .filter_map(|letter| match letter {
            'a'..='z' => Some(letter),
            '0' | 'о' | 'ο' | 'ö' | 'ó' | 'ò' | 'õ' => Some('o'),
            '1' | '!' | '|' | 'і' | 'ι' | 'ı' | 'í' | 'ì' => Some('i'),
            '3' | 'е' | 'é' | 'è' | 'ê' | 'ё' | 'ε' => Some('e'),
            '4' | '@' | 'а' | 'α' | 'á' | 'à' | 'ä' | 'ã' => Some('a'),
            '5' | '$' | 'ѕ' => Some('s'),
            'с' | 'ç' => Some('c'),
            'р' | 'ρ' => Some('p'),
            'х' | 'χ' => Some('x'),
            'у' | 'υ' => Some('y'),
            'ү' | 'ü' | 'ú' => Some('u'),
            'ѵ' | 'ν' => Some('v'),
            'ո' | 'ñ' => Some('n'),
            'ɡ' => Some('g'),
            'м' => Some('m'),
            '7' | 'т' | 'τ' => Some('t'),
            _ => None,
        })
        .collect()
}

/// Ways to call off what a model was told.
const CALL_OFF: &[&str] = &[
    "ignor",
    "disregard",
    "forget",
    "overrid",
    "bypass",
    "donotfollow",
    "dontfollow",
    "stopfollowing",
    "neglect",
    "discard",
    "vergiss",
    "missachte",
    "oublie",
    "olvida",
    "dimentica",
];
/// What a model was told.
const TOLD: &[&str] = &[
    "previousinstruction",
    "priorinstruction",
    "instructionsabove",
    "earlierinstruction",
    "yourinstruction",
    "allinstruction",
    "anyinstruction",
    "theinstruction",
    "instructionsyou",
    "instructionsgiven",
    "systeminstruction",
    "allprevious",
    "allprior",
    "anweisung",
    "instruccion",
    "istruzion",
    "instructionsprece",
    "instructionsant",
    "instrucoes",
    "systemprompt",
    "yourprompt",
    "yourrule",
    "yourguideline",
    "previousprompt",
    "previousmessage",
    "previouscontext",
    "priorcontext",
    "priormessage",
    "everythingabove",
    "everythingbefore",
    "safetyrule",
    "safetyguideline",
    "guardrail",
    "whatyouweretold",
    "yourtraining",
    "yoursafety",
    "previousrule",
    "previousguideline",
    "previousdirect",
    "priordirect",
];
/// What only a model is told.
const TO_A_MODEL: &[&str] = &[
    "youarenowdan",
    "youarenowinunre",
    "youarenowunre",
    "youarenowfree",
    "youarenowevil",
    "youarenowanai",
    "youarenowanunre",
    "youarenolongerclaude",
    "youarenolongeran",
    "youarenolongerbound",
    "asanaiassistant",
    "asanaimodel",
    "youarenowinadmin",
    "youarenowindeveloper",
    "fromnowonyou",
    "pretendyouare",
    "newinstruction",
    "updatedinstruction",
    "realinstruction",
    "importantinstruction",
    "actualinstruction",
    "hiddeninstruction",
    "specialinstruction",
    "secretinstruction",
    "systeminstruction",
    "instructionsforai",
    "instructionforai",
    "instructionstotheai",
    "instructionsforclaude",
    "instructionsforthemodel",
    "instructionsfortheassistant",
    "systemprompt",
    "systemoverride",
    "adminoverride",
    "developermode",
    "jailbreak",
    "doanythingnow",
    "aslanguagemodel",
    "asalanguagemodel",
    "youareanai",
    "aiagentsmust",
    "aiassistantsmust",
    "aiassistantsshould",
    "attentionai",
    "notetoai",
    "dearai",
    "dearassistant",
    "dearclaude",
    "dearmodel",
    "heyclaude",
    "heyassistant",
    "assistantmust",
    "assistantshould",
    "assistantwill",
    "claudemust",
    "claudeshould",
    "claudeplease",
    "pleaseclaude",
    "llmmust",
    "telltheuserthat",
    "donottelltheuser",
    "donttelltheuser",
    "nottelltheuser",
    "nevertelltheuser",
    "donotmentionthis",
    "dontmentionthis",
    "donotmentiontheseinstr",
    "donotinformtheuser",
    "withouttellingtheuser",
    "withoutinformingtheuser",
    "withoutaskingtheuser",
    "withoutaskingforpermission",
    "withoutaskingforconf",
    "askingforconfirmation",
    "hidethisfromtheuser",
    "secretlyrun",
    "silentlyrun",
    "theuserhasapproved",
    "theuserhasalready",
    "theuseralreadyapproved",
    "theuserapproves",
    "theuserwantsyouto",
    "theuserasksyouto",
    "userhasgrantedyou",
    "youhavebeengranted",
    "youareauthorized",
    "youareauthorised",
    "thisisnotdata",
    "theseareinstructions",
    "thisisaninstruction",
    "itisaninstruction",
    "followtheseinstructions",
    "executetheseinstructions",
    "obeythe",
    "youmustobey",
    "youmustnow",
    "youmustrun",
    "youmustexecute",
    "youmustcall",
    "youshouldnowrun",
    "endofdata",
    "endofquote",
    "endofthequote",
    "endofcontext",
    "endquoteddata",
    "quoteddataends",
    "begininstruction",
    "startinstruction",
    "revealyour",
    "printyourinstr",
    "repeatyourinstr",
    "showyourinstr",
    "outputyourinstr",
    "printyoursystem",
    "respondonlywith",
    "replyonlywith",
    "answeronlywith",
    "alwaysrespondwith",
    "alwaysanswerwith",
    "beginyourreplywith",
    "startyourreplywith",
    "startyourresponsewith",
    "yournexttask",
    "yourtaskisnow",
    "yourrealtask",
    "yournewtask",
    "yourtruetask",
    "yourgoalisnow",
    "yournewgoal",
    "usethebashtool",
    "usethewritetool",
    "usetheedittool",
    "usethewebfetch",
    "callthetool",
    "callthebash",
    "invokethetool",
    "invokethebash",
    "setpermissionmode",
    "bypasspermissions",
    "dangerouslyskippermissions",
    "permissiondecision",
    "switchtounrestricted",
    "unrestrictedmode",
    "enteryolo",
    "systemreminder",
    "hookspecificoutput",
    "highestpriorityinstr",
    "imendim",
    "endofsystem",
];
/// How far apart the two halves of an order may stand, in letters.
const NEAR: usize = 40;

fn speaks_to_model(letters: &str) -> bool {
    TO_A_MODEL.iter().any(|order| letters.contains(order))
        || CALL_OFF.iter().any(|verb| {
            letters.match_indices(verb).any(|(at, _)| {
                let from = at + verb.len();
                let near = &letters[from..letters.len().min(from + NEAR)];
                TOLD.iter().any(|told| near.contains(told))
            })
        })
}
